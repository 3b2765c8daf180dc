"""From regions to predictions: the network, views, losses, recording, training, predicting, cost. No openslide."""
