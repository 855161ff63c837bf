"""From a file to what a model hears: decoding and the mel front end."""
