"""Attack class R3: what is sent to the service to fill it, to read it out, or to make it call elsewhere."""
