import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from region_images import mean_by

from lowpower.config.training_settings import Augmentation
from lowpower.errors import InputError
from lowpower.models.augmentation import View, apply_view, apply_views, draw_view
from lowpower.models.torchvision_import import torchvision_part

AUGMENTATION = Augmentation(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.2, quarter_turns=True)
OFF = Augmentation(brightness=0, contrast=0, saturation=0, hue=0, flip=False)


@pytest.fixture
def smooth_image():
    y, x = np.mgrid[0:64, 0:96] / 64
    channels = [0.6 + 0.3 * np.sin(5 * x + y), 0.5 + 0.3 * np.cos(4 * y), 0.7 + 0.2 * np.sin(3 * x * y)]
    return (np.stack(channels, -1) * 255).astype(np.uint8)


def as_tensor(image):
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)


def test_a_view_depends_on_seed_region_and_number_alone():
    view = draw_view(0, "A", 1, augmentation=AUGMENTATION)
    assert view == draw_view(0, "A", 1, augmentation=AUGMENTATION)
    assert (
        len(
            {
                view,
                draw_view(1, "A", 1, augmentation=AUGMENTATION),
                draw_view(0, "B", 1, augmentation=AUGMENTATION),
                draw_view(0, "A", 2, augmentation=AUGMENTATION),
            }
        )
        == 4
    )


def test_views_are_drawn_from_the_whole_range_and_nothing_else():
    views = [draw_view(0, "A", number, augmentation=AUGMENTATION) for number in range(400)]
    amounts = {
        name: [dict(view.jitter)[name] for view in views] for name in ("brightness", "contrast", "saturation", "hue")
    }
    for name in ("brightness", "contrast", "saturation"):
        assert 0.5 <= min(amounts[name]) < 0.55 and 1.45 < max(amounts[name]) <= 1.5
    assert -0.2 <= min(amounts["hue"]) < -0.18 and 0.18 < max(amounts["hue"]) <= 0.2
    assert {view.turns for view in views} == {0, 1, 2, 3}
    assert 0.4 < np.mean([view.flip_lr for view in views]) < 0.6
    assert len({tuple(name for name, _ in view.jitter) for view in views}) == 24  # every order of the four


def test_augmentation_can_be_switched_off(smooth_image):
    image = as_tensor(smooth_image)
    assert torch.equal(apply_view(draw_view(0, "A", 0, augmentation=OFF), image), image)


@pytest.mark.parametrize("flip_lr", [False, True])
@pytest.mark.parametrize("flip_tb", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_flips_and_turns_commute_exactly_with_the_area_mean(flip_lr, flip_tb, turns):
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    view = View(jitter=(), flip_lr=flip_lr, flip_tb=flip_tb, turns=turns)
    high_then_low = mean_by(apply_view(view, as_tensor(image)).permute(1, 2, 0).numpy(), 4)
    low = apply_view(view, as_tensor(mean_by(image, 4)))
    assert torch.equal(as_tensor(high_then_low), low)


def test_the_same_view_at_two_magnifications_shows_the_same(smooth_image):
    for number in range(20):
        view = draw_view(0, "A", number, augmentation=AUGMENTATION)
        high = apply_view(view, as_tensor(smooth_image)).permute(1, 2, 0).numpy()
        low = apply_view(view, as_tensor(mean_by(smooth_image, 4))).permute(1, 2, 0).numpy()
        difference = np.abs(mean_by(high, 4).astype(int) - low)
        assert difference.mean() < 2  # of 255: jitter commutes nearly; another view differs by 40


@pytest.mark.slow
def test_jitter_is_that_of_torchvision(smooth_image):
    noise = torch.randint(0, 256, (3, 64, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    gray = noise[:1].expand(3, -1, -1)
    for image in (as_tensor(smooth_image), noise, gray, torch.zeros_like(noise), torch.full_like(noise, 255)):
        for number in range(24):
            view = draw_view(0, "A", number, augmentation=replace(AUGMENTATION, flip=False, quarter_turns=False))
            expected = image / 255
            for name, amount in view.jitter:
                expected = getattr(torchvision_part("transforms.v2.functional"), f"adjust_{name}")(expected, amount)
            difference = (apply_view(view, image) - expected * 255).abs()
            assert difference.max() < 0.51  # it is rounded once, at the end


@pytest.mark.slow
@pytest.mark.parametrize("side", [16, 33, 64])
def test_views_drawn_together_are_the_same_bytes_as_one_by_one(side):
    draw = torch.Generator().manual_seed(0)
    images = [torch.randint(0, 256, (3, side, side + 1), dtype=torch.uint8, generator=draw) for _ in range(24)]
    some_off = [AUGMENTATION, replace(AUGMENTATION, hue=0), OFF]
    views = [draw_view(0, "A", number, augmentation=some_off[number % 3]) for number in range(24)]
    together = apply_views(views, images)
    assert all(torch.equal(a, apply_view(v, i)) for a, v, i in zip(together, views, images, strict=True))


@pytest.mark.slow
def test_views_need_none_of_torchvisions_compiled_operators():
    program = """
import torch
def fail(path):
    raise OSError(path)
torch.ops.load_library = fail
from lowpower.models.augmentation import View, apply_view
image = torch.arange(3 * 4 * 4, dtype=torch.uint8).reshape(3, 4, 4)
print(apply_view(View((("brightness", 0.5), ("hue", 0.1)), False, False, 0), image).shape)
"""
    run = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True)
    assert run.stdout == "torch.Size([3, 4, 4])\n", run.stderr


@pytest.mark.parametrize("version", ["0.1.0", None])
def test_a_torchvision_that_does_not_fit_is_told_with_what_to_install(tmp_path, monkeypatch, version):
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    if version:  # one that asks torch for an operator nobody has
        (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::other does not exist')")
        (tmp_path / f"torchvision-{version}.dist-info").mkdir()
        (tmp_path / f"torchvision-{version}.dist-info/METADATA").write_text(f"Name: torchvision\nVersion: {version}\n")
        monkeypatch.syspath_prepend(tmp_path)
    else:
        monkeypatch.setitem(sys.modules, "torchvision", None)
    found = f"torch {torch.__version__} and torchvision {version or ''}"
    remedy = "install the versions of requirements.txt (`make .venv` again, or envs/distillation.yaml)"
    with pytest.raises(InputError) as caught:
        torchvision_part.__wrapped__("transforms.v2.functional")
    assert str(caught.value).startswith(found) and str(caught.value).endswith(remedy)
    assert "are incompatible" in str(caught.value)
