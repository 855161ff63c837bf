"""Run analyses in processes of this machine, or on the machines of a cluster."""
