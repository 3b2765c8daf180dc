"""Sizes of recordings, model files and predictions, computed without torch, for planning.

tests/models/test_sizes.py compares these numbers with actual files and networks.
"""

MAP_TYPE = "float16"  # of recorded maps: rounding is at most 1 / 2,048; another view differs by half of the map
_MAP_BYTES = 2
_POOLED = 2  # maps of a view: the maximum and the mean
_CELL = 64**2  # the teacher's pixels per position of a recorded map, which has half its grid of 1/32
_LOGIT = 4  # bytes
_POSITION = 16  # bytes of a view: height, width and offset of its map
_REGION = 90  # bytes of a region in the header: its id and the fingerprint of its slide's images
_CHANNELS = {"resnet10": 256, "resnet18": 512, "resnet34": 512, "resnet50": 2_048, "tf_efficientnet_lite0": 1_280}
_WEIGHTS = {
    "color": 96, "resnet10": 4_920_960, "resnet18": 44_744_608, "resnet34": 85_207_072, "resnet50": 94_245_032,
    "tf_efficientnet_lite0": 13_652_488,
}  # fmt: skip
_OF_CLASS = {
    "color": 56, "resnet10": 1_028, "resnet18": 2_052, "resnet34": 2_052, "resnet50": 8_196,
    "tf_efficientnet_lite0": 5_124,
}  # fmt: skip
_HEADER = {
    "color": 2_000, "resnet10": 6_000, "resnet18": 15_000, "resnet34": 24_000, "resnet50": 34_000,
    "tf_efficientnet_lite0": 28_000,
}  # fmt: skip
_PASS = {  # MB of a training pass for each megapixel: peak memory of 24 or 8 images of 224 px, on a CPU, in float32
    "color": 230, "resnet10": 230, "resnet18": 850, "resnet34": 1_100, "resnet50": 2_400,
    "tf_efficientnet_lite0": 1_700,
}  # fmt: skip


def pass_memory(network: str) -> float:
    """Memory of a training pass over equal images, relative to resnet10."""
    return _PASS[network] / _PASS["resnet10"]


def further_pass_mb(network: str, megapixels: float) -> float:
    """MB that a training pass needs beyond those of resnet10."""
    return (_PASS[network] - _PASS["resnet10"]) * megapixels


def recording_mb(regions: float, views: int, megapixels: float, classes: int, network: str) -> float:
    """MB of a teacher's recording. regions: training regions; megapixels: of one, at the teacher's magnification."""
    view = _POOLED * _CHANNELS[network] * _MAP_BYTES * megapixels * 1e6 / _CELL + _LOGIT * classes + _POSITION
    return regions * (views * view + _REGION) / 1e6


def model_mb(network: str, classes: int) -> float:
    """MB of a model's file: its weights, those of the last layer for each class, and its header."""
    return (_WEIGHTS[network] + _OF_CLASS[network] * classes + _HEADER[network]) / 1e6


def predictions_mb(rows: float, classes: int) -> float:
    """MB of one model's predictions: float64 for each class and the area, the region's id, and a constant part."""
    return (3_500 + rows * (8 * (classes + 1) + 16)) / 1e6
