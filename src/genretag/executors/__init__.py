"""Where files are analysed: in processes of this machine, or on the machines of a cluster."""
