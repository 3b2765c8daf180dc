"""Start weights of a training: random ones, those of an earlier stage or of the teacher, or those of a given file."""

from dataclasses import replace

from torch import nn

from lowpower import rng
from lowpower.config.training_params import TrainingJob
from lowpower.errors import InputError
from lowpower.model_header import ModelHeader
from lowpower.models import networks
from lowpower.models.model_file import load_model
from lowpower.models.pixels import channel_statistics
from lowpower.models.region_sets import Region
from lowpower.models.weights_file import take_weights
from lowpower.text import abbreviate


def start_network(job: TrainingJob, start: str | None, regions: list[Region]) -> tuple[nn.Module, ModelHeader]:
    """Build the network with the weights of the file ``start``, or with random ones; return it and its header.

    Channel statistics belong to weights. Random weights get the statistics of the first stage's training regions
    (``regions``), which later stages keep; weights trained elsewhere (``init`` is weights) get those of ``backbone``.
    """
    classes, seed = job.classes, rng.integer(job.seed, "weights")
    if job.init == "weights":
        network = networks.build(job.network, len(classes), seed)
        origin = take_weights(network, start)
        header = ModelHeader(classes=classes, mean=network.mean, std=network.std, start_weights=origin)
        return network, replace(header, fingerprint=origin["sha256"][:16])
    if not start:
        mean, std = channel_statistics(regions)
        return networks.build(job.network, len(classes), seed), ModelHeader(classes=classes, mean=mean, std=std)
    network, header = load_model(start)
    if header.classes != classes:
        raise InputError(
            f"{start} predicts the classes {abbreviate(header.classes)}, the config's `classes` are "
            f"{abbreviate(classes)}; delete the file and run snakemake again, or write its classes into the "
            "config, in its order"
        )
    return network, header
