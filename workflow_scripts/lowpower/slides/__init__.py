"""From a slide file to regions at every magnification: opened, masked, boxed, cut, reduced. No torch."""
