"""What configuration files and the command line say: `lookup` finds the files, `decoding` reads them."""
