"""Writes videos as strangers send them: cut off, damaged, lying, and no videos at all.

    hostile_videos.py FOLDER COUNT SEED

At least COUNT files in FOLDER/files. FOLDER/elsewhere holds what playlists among them lead to,
which no one may open. The same seed gives the same files with the same ffmpeg, which makes what
is mutated.
"""

import pathlib
import random
import re
import struct
import subprocess
import sys

SIZE = "96x64"
# Pictures in motion, with a hard cut and B frames where the codec has them.
SOURCE = f"testsrc2=s={SIZE}:r=12:d=2"
SEEDS = {
    "h264.mp4": "-c:v libx264 -bf 2 -g 8 -movflags +faststart",
    "h264.ts": "-c:v libx264 -bf 2 -g 8",
    "h264.mkv": "-c:v libx264 -g 6",
    "h264.flv": "-c:v libx264",
    "hevc.mp4": "-c:v libx265 -x265-params log-level=none -tag:v hvc1",
    "hevc.mkv": "-c:v libx265 -x265-params log-level=none:keyint=8",
    "vp9.webm": "-c:v libvpx-vp9 -cpu-used 8",
    "vp8.webm": "-c:v libvpx",
    "av1.mp4": "-c:v libaom-av1 -cpu-used 8",
    "mpeg4.avi": "-c:v mpeg4 -bf 1",
    "mpeg4.mp4": "-c:v mpeg4 -q:v 3",
    "mpeg2.mpg": "-c:v mpeg2video -bf 2 -r 25",
    "mjpeg.avi": "-c:v mjpeg -pix_fmt yuvj420p",
    "wmv2.asf": "-c:v wmv2",
    "theora.ogv": "-c:v libtheora",
    "prores.mov": "-c:v prores_ks -frames:v 4",
    "motion.gif": "",
    "ffv1.mkv": "-c:v ffv1 -frames:v 4",
}
WITH_SOUND = ("h264.mp4", "h264.ts", "h264.mkv", "h264.flv", "mpeg2.mpg", "mpeg4.avi")

HUGE = 60000
ALL = 0xFFFFFFFF


def ffmpeg(*arguments):
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-y"]
    subprocess.run([*command, *map(str, arguments)], check=True)


def encode(path, options, source=SOURCE, sound=False):
    inputs = ["-f", "lavfi", "-i", source]
    if sound:
        inputs += ["-f", "lavfi", "-i", "sine=d=2", "-shortest"]
    exact = "-map_metadata -1 -fflags +bitexact -flags:v +bitexact"
    ffmpeg(*inputs, *options.split(), *exact.split(), path)


def encoded_seeds(folder):
    seeds = {}
    for name, options in SEEDS.items():
        encode(folder / name, options, sound=name in WITH_SOUND)
        seeds[name] = (folder / name).read_bytes()
    return seeds


def truncations(content):
    return [content[:size] for size in range(0, len(content), 1024)]


def flipped(content, chance):
    damaged = bytearray(content)
    for _ in range(2 ** chance.randint(0, 6)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def scrambled(content, chance):
    """A stretch that is overwritten, doubled, dropped or moved."""
    at, size = chance.randrange(len(content)), chance.randint(1, 2048)
    part, rest = content[at : at + size], content[at + size :]
    kind = chance.randrange(4)
    if kind == 0:
        return content[:at] + chance.randbytes(len(part)) + rest
    if kind == 1:
        return content[:at] + part + part + rest
    if kind == 2:
        return content[:at] + rest
    to = chance.randrange(len(content))
    kept = content[:at] + rest
    return kept[:to] + part + kept[to:]


def patched(content, at, layout, *values):
    damaged = bytearray(content)
    struct.pack_into(layout, damaged, at, *values)
    return bytes(damaged)


def places(content, mark):
    return [match.start() for match in re.finditer(re.escape(mark), content)]


def mp4_lies(content):
    """Sizes, counts, durations and time scales of ISO files, box by box; offsets count from a box's name."""
    integers = (0, 1, 0x7FFFFFFF, 0x80000000, ALL)
    fields = {
        b"tkhd": (20, 24, 80, 84),  # duration (versions 0, 1), width and height
        b"mvhd": (16, 20),
        b"mdhd": (16, 20),  # time scale, duration
        b"stts": (8, 12, 16),  # entries; count and duration of the first
        b"ctts": (8, 12, 16),
        b"stsz": (8, 12, 16),
        b"stsc": (8, 12, 16),
        b"stco": (8, 12),
        b"stss": (8, 12),
        b"elst": (8, 12, 16, 20),
        b"stsd": (8,),
        b"avcC": (4,),
        b"hvcC": (4,),
    }
    for mark, offsets in fields.items():
        for place in places(content, mark)[:1]:
            for offset in offsets:
                for value in integers:
                    if place + offset + 4 <= len(content):
                        yield patched(content, place + offset, ">I", value)
            yield patched(content, place - 4, ">I", ALL)
    for mark in (b"avc1", b"hvc1", b"av01", b"mp4v"):
        for place in places(content, mark):
            if place + 32 <= len(content):
                yield patched(content, place + 28, ">HH", HUGE, HUGE)
                yield patched(content, place + 28, ">HH", 0, 0)


def avi_lies(content):
    for place in places(content, b"avih"):
        yield patched(content, place + 8, "<I", 0)  # microseconds a frame
        yield patched(content, place + 24, "<I", 1 << 31)  # frames
        yield patched(content, place + 40, "<II", HUGE, HUGE)
    for place in places(content, b"strh")[:1]:
        for rate in ((0, 0), (1, 0), (0, 1), (1, ALL), (ALL, 1), (ALL, ALL)):
            yield patched(content, place + 28, "<II", *rate)
        yield patched(content, place + 40, "<I", 1 << 31)
    for place in places(content, b"strf")[:1]:
        yield patched(content, place + 12, "<ii", HUGE, HUGE)
        yield patched(content, place + 12, "<ii", -1, -(2**31))
        yield patched(content, place + 22, "<H", 0xFFFF)


def gif_lies(content):
    yield patched(content, 6, "<HH", HUGE, HUGE)
    yield patched(content, 6, "<HH", 0, 0)
    for place in places(content, b"\x21\xf9\x04"):
        yield patched(content, place + 4, "<H", 0xFFFF)  # hundredths of a second
        yield patched(content, place + 4, "<H", 0)
    for place in places(content, b"\x2c\0\0\0\0"):
        yield patched(content, place + 5, "<HH", HUGE, HUGE)


def matroska_lies(content):
    """Elements whose content has a fixed size here, by their ids."""
    for mark in (b"\xb0", b"\xba"):  # PixelWidth, PixelHeight
        for place in places(content, mark + b"\x81"):
            yield patched(content, place + 2, ">B", 0)
    for mark in (
        b"\x2a\xd7\xb1",
        b"\x23\xe3\x83",
        b"\x44\x89",
    ):  # time scale, duration of a frame, duration
        for place in places(content, mark):
            size = content[place + len(mark)] & 0x7F
            for byte in (0, 0x7F, 0x80, 0xFF):
                at = place + len(mark) + 1
                yield content[:at] + bytes([byte]) * size + content[at + size :]
    for place in places(content, b"\x1f\x43\xb6\x75"):  # a cluster: its time is the first element
        at = content.find(b"\xe7", place, place + 20)
        if at > 0:
            size = content[at + 1] & 0x7F
            for byte in (0x7F, 0x80, 0xFF):
                yield content[: at + 2] + bytes([byte]) * size + content[at + 2 + size :]


def ts_lies(content, chance):
    """Clocks of a transport stream that jump: timestamps lie behind a packet's start code."""
    for _ in range(12):
        damaged = bytearray(content)
        for place in places(content, b"\0\0\1\xe0"):
            if chance.random() < 0.3 and place + 14 <= len(damaged):
                damaged[place + 9 : place + 14] = chance.randbytes(5)
        yield bytes(damaged)


def lies(seeds, chance):
    yield from mp4_lies(seeds["h264.mp4"])
    yield from mp4_lies(seeds["hevc.mp4"])
    yield from avi_lies(seeds["mpeg4.avi"])
    yield from avi_lies(seeds["mjpeg.avi"])
    yield from gif_lies(seeds["motion.gif"])
    for name in ("h264.mkv", "hevc.mkv", "vp9.webm", "ffv1.mkv"):
        yield from matroska_lies(seeds[name])
    yield from ts_lies(seeds["h264.ts"], chance)


def changing(folder):
    """Streams whose size, pixel format, codec or rotation changes: parts, joined as they are."""
    parts = {
        "small": ("testsrc2=s=96x64:r=12:d=1", "-c:v libx264"),
        "large": ("testsrc2=s=640x360:r=12:d=1", "-c:v libx264"),
        "odd": ("testsrc2=s=97x63:r=12:d=1", "-c:v libx264 -pix_fmt yuv444p"),
        "deep": ("testsrc2=s=96x64:r=12:d=1", "-c:v libx264 -pix_fmt yuv420p10le"),
        "gray": ("testsrc2=s=96x64:r=12:d=1", "-c:v libx264 -pix_fmt gray"),
        "turned": (
            "testsrc2=s=96x64:r=12:d=1",
            "-c:v libx264 -bsf:v h264_metadata=display_orientation=insert:rotate=90",
        ),
        "hevc": ("testsrc2=s=96x64:r=12:d=1", "-c:v libx265 -x265-params log-level=none"),
        "mpeg2": ("testsrc2=s=96x64:r=25:d=1", "-c:v mpeg2video"),
    }
    streams, raw = {}, {}
    for name, (source, options) in parts.items():
        encode(folder / f"{name}.ts", options, source)
        streams[name] = (folder / f"{name}.ts").read_bytes()
        suffix = {"hevc": "hevc", "mpeg2": "m2v"}.get(name, "h264")
        ffmpeg("-i", folder / f"{name}.ts", "-c", "copy", folder / f"{name}.{suffix}")
        raw[name] = (folder / f"{name}.{suffix}").read_bytes()
    for first in parts:
        for second in parts:
            if first != second:
                yield f"{first}-{second}.ts", streams[first] + streams[second]
    for name in ("large", "odd", "deep", "gray", "turned"):
        yield f"small-{name}.h264", raw["small"] + raw[name] + raw["small"]
    for name in ("large", "odd"):
        encode(folder / f"{name}.gif", "", parts[name][0])
    large, odd = ((folder / f"{name}.gif").read_bytes() for name in ("large", "odd"))
    yield "two.gif", large[:-1] + odd[13:]  # without the end of one and the head of the other


def without_pictures(folder):
    """Files that ffmpeg reads and that have no video, or nearly none."""
    sound = ["-f", "lavfi", "-i", "sine=d=1"]
    words = folder / "words.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    picture = folder / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1", picture)
    for name in ("sound.wav", "sound.mp3", "sound.m4a", "sound.ogg"):
        ffmpeg(*sound, folder / name)
    cover = "-map 0 -map 1 -c:v copy -disposition:v attached_pic".split()
    for name in ("cover.mp3", "cover.m4a"):
        ffmpeg(*sound, "-i", picture, *cover, folder / name)
    ffmpeg("-i", words, folder / "words.mkv")
    ffmpeg("-i", words, folder / "words.ass")
    names = (
        "sound.wav",
        "sound.mp3",
        "sound.m4a",
        "sound.ogg",
        "cover.mp3",
        "cover.m4a",
        "words.mkv",
        "words.ass",
        "words.srt",
        "cover.png",
    )
    for name in names:
        yield name, (folder / name).read_bytes()
    yield "nothing.mp4", b""
    yield "zeros.mp4", bytes(100_000)
    yield "text.mp4", b"This is no video.\n" * 100


MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="9">
<BaseURL>TARGET</BaseURL></Representation></AdaptationSet></Period></MPD>
"""
IMF = """<?xml version="1.0"?>
<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id>
<SegmentList><Segment><Path>TARGET</Path></Segment></SegmentList></CompositionPlaylist>
"""
SDP = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=x
c=IN IP4 127.0.0.1
t=0 0
m=video 5004 RTP/AVP 96
a=rtpmap:96 H264/90000
"""
KEYED = """#EXTM3U
#EXT-X-KEY:METHOD=AES-128,URI="TARGET"
#EXT-X-MAP:URI="TARGET"
#EXTINF:2,
TARGET
#EXT-X-ENDLIST
"""
PLAYLISTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nTARGET\n#EXT-X-ENDLIST\n",
    "keyed.m3u8": KEYED,
    "master.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100\nTARGET\n",
    "join.ffconcat": "ffconcat version 1.0\nfile 'TARGET'\nduration 2\nfile 'TARGET'\n",
    "dash.mpd": MPD,
    "imf.xml": IMF,
    "session.sdp": SDP,
    "asx.asx": '<asx version="3.0"><entry><ref href="TARGET"/></entry></asx>\n',
    "smil.smil": '<smil><body><video src="TARGET"/></body></smil>\n',
}


def playlists(target):
    """What leads to others by every way that ffmpeg knows: a video beside them, and the network."""
    targets = (
        f"{target}",
        f"file:{target}",
        f"../elsewhere/{target.name}",
        "http://127.0.0.1:9/video.mp4",
        "tcp://127.0.0.1:9",
        f"concat:{target}|{target}",
        f"subfile,,start,0,end,0,,:{target}",
        f"crypto:{target}",
        "/etc/passwd",
    )
    for name, text in PLAYLISTS.items():
        stem, suffix = name.split(".")
        for n, to in enumerate(targets):
            for end in (suffix, "mp4"):  # as what it is, and as what it pretends to be
                yield f"{stem}{n}.{end}", text.replace("TARGET", to)
    yield "frame%03d.png", "no picture\n"
    yield "frames*.jpg", "no picture\n"


def linked(seeds, target):
    """MOV data references and Matroska links that lead to another file."""
    content = seeds["h264.mp4"]
    for track, place in enumerate(places(content, b"url \0\0\0\1")):
        path = str(target).encode()
        # Not self-contained any more: the sample data lie in a file of that name.
        yield f"flag{track}.mov", patched(content, place + 4, ">I", 0)
        alias = struct.pack(">I", 0) + bytes(8) + bytes(150) + path + b"\0"
        yield f"dref{track}.mov", content[:place] + b"alis\0\0\0\0" + alias + content[place + 8 :]
    content = seeds["h264.mkv"]
    info = content.index(b"\x15\x49\xa9\x66") + 4
    length = 9 - content[info].bit_length()  # of the element's size
    size = int.from_bytes(content[info : info + length], "big") - (1 << 7 * length)
    name = target.name.encode()
    link = b"\x3e\x83\xbb" + bytes([0x80 | len(name)]) + name + b"\x3e\xb9\x23\x90" + bytes(16)
    longer = (1 << 56 | size + len(link)).to_bytes(8, "big")
    yield "linked.mkv", content[:info] + longer + link + content[info + length :]


def main():
    work, count, chance = (
        pathlib.Path(sys.argv[1]),
        int(sys.argv[2]),
        random.Random(int(sys.argv[3])),
    )
    seed_folder, files, elsewhere = work / "seeds", work / "files", work / "elsewhere"
    for folder in (seed_folder, files, elsewhere):
        folder.mkdir(parents=True)
    seeds = encoded_seeds(seed_folder)
    target = (elsewhere / "video.mp4").absolute()
    target.write_bytes(seeds["h264.mp4"])

    written = 0

    def write(name, content):
        nonlocal written
        (files / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        written += 1

    for n, content in enumerate(lies(seeds, chance)):
        write(f"lie{n:04}.bin", content)
    for name, content in (
        *changing(seed_folder),
        *without_pictures(seed_folder),
        *playlists(target),
        *linked(seeds, target),
    ):
        write(name, content)
    for name, content in seeds.items():
        stem, suffix = name.split(".")
        for n, part in enumerate(truncations(content)):
            write(f"cut-{stem}{n:04}.{suffix}", part)
    names = list(seeds)
    while written < count:
        name = names[written % len(names)]
        stem, suffix = name.split(".")
        mutate = flipped if chance.random() < 0.7 else scrambled
        write(f"{mutate.__name__}-{stem}{written:05}.{suffix}", mutate(seeds[name], chance))
    print(written)


main()
