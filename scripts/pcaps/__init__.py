"""The makers of the captures in pcaps/; scripts/make-pcaps is their command."""
