"""The evolution of the depth profiles as a film."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.errors import InputError
from ionscape.files.writing import check_output, write_bytes

from .plot import Plot
from .populations import check_depth, kept_times, populations_beside_profile
from .profiles import density_scale, shown_depth_of, stage_title
from .render_matplotlib import draw
from .states import Array, Result, stage_ends, state_at, values
from .style import axis_unit, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ionscape.experiment import Experiment

Picture = NDArray[np.uint8]
MOVIE_EXTENSIONS = (".mp4", ".gif")
GIF_COLOURS, GIF_SAMPLES = 64, 8
STORAGE_SHARE = 0.1  # of the time in which ions are driven: next to nothing is seen to move in storage


def frame_times(experiment: Experiment, ends: dict[int, float], start: float, frames: int) -> Array:
    """Return the times [s] of the frames, equidistant within each stage.

    Every stage gets frames in proportion to its duration, at least two; a storage stage counts as no longer than a
    tenth of the time in which ions are driven.

    Args:
        experiment: says which stages are storage.
        ends: last simulated time [s] of each stage that was reached.
        start: first simulated time [s].
        frames: about how many frames in all, at least two per stage.
    """
    starts = dict(zip(ends, [start, *ends.values()], strict=False))
    durations = {stage: end - starts[stage] for stage, end in ends.items()}
    driven = sum(time for stage, time in durations.items() if experiment.stages[stage].drives)
    weights = {
        stage: min(time, STORAGE_SHARE * driven) if driven and not experiment.stages[stage].drives else time
        for stage, time in durations.items()
    }
    scale = (frames - 1) / (sum(weights.values()) or 1.0)
    parts = [np.linspace(starts[stage], ends[stage], max(2, round(scale * weights[stage])) + 1)[1:] for stage in ends]
    return np.concatenate([[start], *parts])


def movie(
    result: Result, path: str | Path, *, depth: float | None = None, frames: int = 240, frames_per_second: float = 24.0
) -> None:
    """Write the evolution of the profiles as MP4 (H.264, by the ffmpeg of imageio-ffmpeg) or GIF, by the extension.

    Between the stored states densities are linear in time. With a depth, the film shows the populations there beside
    the profile, at the times of which they were kept (`Settings.populations_per_stage`), each for as long as it takes
    to fill the film.

    Args:
        result: a simulation.
        path: the film; it appears there only when it is complete.
        depth: below the irradiated surface, of the populations beside the profile [m]; None for the profile alone.
        frames: about how many pictures, shared among the stages by their duration; with a depth among the kept times.
        frames_per_second: pictures shown per second.

    Raises:
        InputError: another extension, no folder to write to, less than two frames, no positive rate, or a depth
            outside the sample or of a result without populations.
    """
    target = check_output(path, extensions=MOVIE_EXTENSIONS)
    if frames < 2:
        raise InputError("are too few", key="frames", value=frames, bound="must be 2 or more", remedy="try 240")
    if not frames_per_second > 0:
        raise InputError("must be greater than 0", key="frames_per_second", value=frames_per_second, remedy="try 24")
    make = _gif if target.suffix.lower() == ".gif" else _mp4
    if depth is None:
        write_bytes(target, make(partial(pictures, result), frames, frames_per_second))
        return
    check_depth(result.experiment, depth)
    if "population" not in result.dataset:
        raise InputError("is of no use: the result has no populations", key="depth", value=f"{depth * 1e9:.6g} nm",
                         remedy="leave it out, for a film of the profile alone")  # fmt: skip
    write_bytes(target, make(partial(pictures_with_populations, result, depth), frames, frames_per_second))


def pictures(result: Result, frames: int) -> Iterator[Picture]:
    """Yield the frames of the film, each of shape (height, width, 3), even in both for the sake of H.264.

    Axes and legend are drawn once, and only lines and title anew: ten times faster than whole figures.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    dataset, experiment = result.dataset, result.experiment
    start, ends = float(values(dataset, "time")[0]), stage_ends(dataset)
    times = frame_times(experiment, ends, start, frames)
    initial, scale = state_at(dataset, start), density_scale(result, shown_depth_of(result))
    every = (replace(initial, density=density) for density in values(dataset, "density"))
    # the sum may be higher than any ion, where it counts charges or ions pile up
    highest = max(float(curve.y.max()) for state in every for curve in scale.curves(state, absent=True))
    clock = axis_unit(float(times[-1]), "time")
    curves = scale.curves(initial, absent=True)
    vertical = scale.vertical(curves, highest=1.04 * max(1.0, highest))
    panel = replace(scale.panel(curves, legend=""), vertical=vertical)
    figure = draw(Plot(name="film", panels=(panel,), legend="right"))
    canvas = FigureCanvasAgg(figure)
    (axes,) = figure.axes
    title = axes.set_title("stage", fontsize=11)
    lines = {str(line.get_label()): line for line in axes.lines}
    moving = [*sorted(axes.lines, key=lambda line: line.get_zorder()), title]
    for artist in moving:
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    for time in times:
        state = state_at(dataset, float(time))
        canvas.restore_region(background)
        for curve in scale.curves(state, absent=True):
            lines[plain_text(curve.name)].set_ydata(curve.y)
        # Numbers of fixed width, so that the title does not tremble.
        title.set_text(f"{stage_title(experiment, state.stage)}   {time / clock.size:6.1f} {clock.unit}")
        for artist in moving:
            figure.draw_artist(artist)
        yield _even(np.asarray(canvas.buffer_rgba()))


def pictures_with_populations(result: Result, depth: float, frames: int) -> Iterator[Picture]:
    """Yield frames as `pictures` does, of the profile and the populations at a depth [m].

    There is a picture of every kept time, or of as many as there are frames; each is repeated as often as is needed to
    make about that number of frames.
    """
    times = kept_times(result)
    if times.size > frames:
        times = times[np.linspace(0, times.size - 1, frames).round().astype(int)]
    repeated = max(1, round(frames / times.size))
    for time in times:
        picture = _picture(draw(populations_beside_profile(result, float(time), depth)))
        for _ in range(repeated):
            yield picture


def _picture(figure: Figure) -> Picture:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return _even(np.asarray(canvas.buffer_rgba()))


def _even(pixels: Picture) -> Picture:
    """A picture without its opacity and with an even number of rows and columns, for the sake of H.264."""
    return pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2, :3].copy()


def _gif(film_frames: Callable[[int], Iterator[Picture]], frames: int, frames_per_second: float) -> bytes:
    from PIL import Image

    # One palette for the whole film, from a few of its frames: quicker and smaller than one for every frame.
    palette = Image.fromarray(np.concatenate(list(film_frames(GIF_SAMPLES)))).quantize(GIF_COLOURS)
    first, *others = (
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in film_frames(frames)
    )
    buffer = BytesIO()
    first.save(buffer, format="GIF", save_all=True, append_images=others, duration=1000 / frames_per_second, loop=0)
    return buffer.getvalue()


def _mp4(film_frames: Callable[[int], Iterator[Picture]], frames: int, frames_per_second: float) -> bytes:
    """The film; the encoder goes back and forth in its file, so that it needs one, in the folder of the system.

    Raises:
        InputError: that folder takes no film.
    """
    with tempfile.TemporaryDirectory(prefix="ionscape-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "film.mp4"
        try:
            _encode(path, film_frames(frames), frames_per_second)
            content = path.read_bytes()
        except OSError:  # the encoder is gone
            content = b""
        if not _is_whole(content):
            raise InputError(
                "takes no film (the encoder ended before its file was whole)", value=tempfile.gettempdir(),
                remedy="make room there, or name another folder by the variable TMPDIR",
            )  # fmt: skip
    return content


def _is_whole(content: bytes) -> bool:
    """Whether a file of MPEG-4 consists of whole boxes, its table of contents among them."""
    kinds: list[bytes] = []
    place = 0
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        kinds.append(content[place + 4 : place + 8])
        if size == 1:  # a large one
            size = int.from_bytes(content[place + 8 : place + 16], "big")
        if size < 8:
            return False
        place += size
    return place == len(content) and b"moov" in kinds


def _encode(path: Path, film_frames: Iterator[Picture], frames_per_second: float) -> None:
    import imageio_ffmpeg

    first = next(film_frames)
    height, width, _ = first.shape
    rate: Any = frames_per_second  # annotated as int there, where any number is taken
    film = imageio_ffmpeg.write_frames(
        path, (width, height), fps=rate, codec="libx264", quality=6, macro_block_size=2,
        ffmpeg_log_level="quiet",  # what goes wrong is told in one sentence of ours
        # Bit-exact: no date and no version of the encoder in the file.
        output_params=["-fflags", "+bitexact", "-flags:v", "+bitexact"],
    )  # fmt: skip
    film.send(None)
    try:
        for frame in chain([first], film_frames):
            film.send(np.ascontiguousarray(frame))
    finally:
        film.close()
