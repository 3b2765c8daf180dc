"""From a slide file to regions at every magnification: open, mask, box, cut and reduce it. No torch."""
