"""What the layout tests know: our targets, as CMake wrote them, and which headers each may see."""

import json
import pathlib
import re

# Headers of packages, and what a target links to have them.
PACKAGES = [
    (r"(torch|ATen|c10|caffe2)/", ["co2net_torch"]),
    (r"CL/", ["co2net_opencl"]),
    (r"cuda_runtime_api\.h", ["co2net_torch"]),
    (r"opencv2/core[./]", ["opencv_core"]),
    (r"opencv2/(\w+)\.hpp", [r"opencv_\1"]),
    (r"boost/program_options[./]", ["Boost::program_options"]),
    (r"boost/", ["Boost::headers"]),
    (r"(cairo\.h|fontconfig/|librsvg/)", ["PkgConfig::RSVG"]),
    (r"gmock/", ["GTest::gmock"]),
    (r"gtest/", ["GTest::gtest"]),
    (r"hwy/", ["PkgConfig::HWY"]),
    (r"lib(avcodec|avfilter|avformat|avutil|swscale)/", ["PkgConfig::AV"]),
    (r"nlohmann/", ["nlohmann_json::nlohmann_json"]),
    (r"oneapi/dnnl/", ["dnnl"]),
    (r"oneapi/tbb/", ["TBB::tbb"]),
    (r"openssl/", ["OpenSSL::Crypto"]),
    (r"pugixml\.hpp", ["PkgConfig::PUGIXML"]),
    (r"simdjson\.h", ["PkgConfig::SIMDJSON"]),
    (r"spdlog/", ["spdlog::spdlog"]),
    (r"xxhash\.h", ["PkgConfig::XXHASH"]),
    (r"zip\.h", ["PkgConfig::ZIP"]),
    (r"zlib\.h", ["ZLIB::ZLIB"]),
]
# C++'s own headers, which have no dot, and those of C and of the system.
STANDARD = re.compile(
    r"[a-z_0-9]+|(sys|netinet|arpa|linux)/\w+\.h|(dirent|dlfcn|fcntl|fenv|glob|immintrin|malloc|netdb|"
    r"poll|pthread|pty|pwd|sched|signal|spawn|stdint|stdlib|string|termios|time|unistd|x86intrin)\.h")

# Targets, and what they do without, whatever links it.
WITHOUT = {
    "co2net_tvl1": r"opencv_.*|PkgConfig::AV|co2net_torch",
    "co2net_i3d": r"opencv_.*|PkgConfig::AV",
    "co2net_card_flow": r"opencv_.*|PkgConfig::AV|co2net_torch",
    "co2net_card_networks": r"opencv_.*|PkgConfig::AV",
}

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Targets:
    """Our targets of one build, and the files below `root` that each owns."""

    def __init__(self, path, root):
        self.root = pathlib.Path(root)
        self.all = json.loads(pathlib.Path(path).read_text())
        self.sources = {name: self._sources_of(target) for name, target in self.all.items()}
        self._includes = {}

    def _sources_of(self, target):
        folder = pathlib.Path(target["folder"])
        sources = (folder / source for source in target["sources"] if not source.startswith("$<"))
        return [source.relative_to(self.root) for source in sources
                if source.is_relative_to(self.root) and source.suffix in (".h", ".cpp", ".cl")]

    def owners(self, header):
        """The targets that list the header or compile the .cpp of its name, else the one library
        of its folder; none where that leaves it open."""
        listing = [name for name, sources in self.sources.items() if header in sources]
        if not listing:
            source = header.with_suffix(".cpp")
            listing = [name for name, sources in self.sources.items() if source in sources]
        if listing:
            return listing
        libraries = [name for name, target in self.all.items() if target["type"].endswith("_LIBRARY")
                     and any(source.parent == header.parent for source in self.sources[name])]
        return libraries if len(libraries) == 1 else []

    def linked(self, name):
        """All that a program of this target is linked with."""
        linked, left = set(), [name]
        while left:
            link = left.pop()
            if link not in linked:
                linked.add(link)
                target = self.all.get(link, {})
                left += [link_name(more) for more in target.get("links", []) + target.get("passes_on", [])]
        return linked

    def reach(self, name):
        """The target, what it links, and what these pass on."""
        reached = {name}
        target = self.all[name]
        # A library of headers links only for others.
        own = "passes_on" if target["type"] == "INTERFACE_LIBRARY" else "links"
        left = [link_name(link) for link in target.get(own, [])]
        while left:
            link = left.pop()
            if link in reached:
                continue
            reached.add(link)
            # What a static library links for itself is passed on to the linker alone.
            left += [link_name(more) for more in self.all.get(link, {}).get("passes_on", [])
                     if not more.startswith("$<LINK_ONLY:")]
        return reached

    def includes(self, file):
        """(line, "<" or '"', name) of each include in a file below the root."""
        if file not in self._includes:
            lines = (self.root / file).read_text().splitlines()
            found = [(number, INCLUDE.match(line)) for number, line in enumerate(lines, 1)]
            self._includes[file] = [(number, *match.groups()) for number, match in found if match]
        return self._includes[file]


def link_name(link):
    """How a link is compared: by its target's name, or its library's."""
    if link.startswith("$<LINK_ONLY:"):
        link = link[len("$<LINK_ONLY:"):-1]
    if link.startswith("/"):
        link = re.sub(r"^lib|\.(so|a)$", "", pathlib.PurePath(link).name)
    return link


def packages_of(header):
    """What gives a header in angle brackets: [] for the system's own, None where it is unknown."""
    for pattern, links in PACKAGES:
        match = re.match(pattern, header)
        if match:
            return [match.expand(link) for link in links]
    return [] if STANDARD.fullmatch(header) else None
