"""Tables from regions and predictions: intake, splits, results, referral, cost."""
