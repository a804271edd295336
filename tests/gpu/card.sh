#!/usr/bin/env bash
# What a machine with an NVIDIA GPU can do: flow beside the CPU's, byte by byte, and pairs a second;
# I3D, CO2-Net's training, and all from frames in memory to segments. What is not done after five
# minutes is ended. It needs neither a network nor anything installed there but the driver, CUDA's
# NVRTC, and for the networks PyTorch.
#
#     tests/gpu/card.sh pack [FOLDER [VIDEO]]                   here: writes build/card/card.tar.gz
#     tests/gpu/card.sh run ARCHIVE RESULTS [DEVICE [small]]    there
#
# FOLDER   where samples/cuda.sh keeps what it downloads; $XDG_CACHE_HOME/co2net-cuda
# VIDEO    whose first four seconds are taken along; one of ../shared/data/videos
# ARCHIVE  what `pack` wrote, or a folder of the same files
# RESULTS  gets flow.json and networks.json; the table goes to standard output
# DEVICE   cuda, or opencl or cpu to try it without such a GPU; with `small` little of everything
#
# There are two programs, since one that is linked with libtorch does not start where that is absent.
# The networks' runs with the libtorch of the Python there (PYTHON, python3), if that is PyTorch 2.11
# for CUDA 13.0, as PyPI has it: the version of samples/cuda_wheels.txt, whatever its last number.
# libtorch's C++ changes from version to version.
# Both want glibc 2.36 and the C++ library of GCC 12, so Debian 12, Ubuntu 24.04 or newer.
set -euo pipefail
most_bytes=40000000
flow_seconds=90 networks_seconds=200

# What a program needs beside glibc, the C++ library and libtorch with its neighbours.
copy_libraries() { # PROGRAM FOLDER
  ldd "$1" | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' |
    grep -Ev '/(libc|libm|libdl|librt|libutil|libpthread|libstdc\+\+|libgcc_s)\.so|/torch/lib/|/nvidia/' |
    xargs -r cp -Lt "$2"
}

pack() {
  cd "$(dirname "${BASH_SOURCE[0]}")/../.."
  local folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/co2net-cuda}
  local video=${2:-../shared/data/videos/v_GGSY1Qvo990.mp4}
  local files=build/card/files program bytes
  # shellcheck source=samples/setup.sh
  source samples/setup.sh
  install_missing "take frames of a video along" ffmpeg python3
  samples/cuda.sh --card "$folder"
  rm -rf build/card
  mkdir -p "$files/lib"
  for program in co2net_card_flow co2net_card_networks; do
    strip -o "$files/$program" "build/cuda/tests/$program"
    copy_libraries "build/cuda/tests/$program" "$files/lib"
  done
  sed -n "s/^__version__ = '\(.*\)'/\1/p" "$folder/wheels/torch/version.py" > "$files/torch_version"
  ffmpeg -v error -i "$video" -t 4 -vf fps=25,scale=340:256 -f rawvideo -pix_fmt bgr24 "$files/raw"
  python3 -c 'import sys
shape = (len(raw := open(sys.argv[1], "rb").read()) // (256 * 340 * 3), 256, 340, 3)
header = f"{{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": {shape}, }}".replace("\"", "\x27")
header += " " * (-(len(header) + 11) % 64) + "\n"
data = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode() + raw
open(sys.argv[2], "wb").write(data)' "$files/raw" "$files/clip.npy"
  rm "$files/raw"
  tar czf build/card/card.tar.gz -C "$files" .
  bytes=$(stat -c %s build/card/card.tar.gz)
  echo "build/card/card.tar.gz: $bytes bytes"
  [ "$bytes" -le "$most_bytes" ] || { echo "more than $most_bytes bytes" >&2 && return 1; }
}

# 2.11+cu130 of 2.11.0+cu130
short_version() { sed -E 's/^([0-9]+\.[0-9]+)[^+]*/\1/' <<< "$1"; }

# The version of Python's torch, then the folders of its libraries and of the CUDA beside it, a line
# each; nothing without one.
python_torch() {
  "${PYTHON:-python3}" - << 'END'
import importlib.util, pathlib, re
spec = importlib.util.find_spec("torch")
if spec and spec.submodule_search_locations:
    torch = pathlib.Path(spec.submodule_search_locations[0])
    version = re.search(r"__version__ = '([^']+)'", (torch / "version.py").read_text())
    print(version[1] if version else "of unknown version")
    print(torch / "lib")
    for folder in sorted((torch.parent / "nvidia").glob("*/lib")):
        print(folder)
END
}

# measure NAME SECONDS PROGRAM-ARGUMENT...: the program of that name, and the most memory of the GPU
# that was in use meanwhile.
measure() {
  local name=$1 seconds=$2 code=0 watcher memory
  shift 2
  memory=$results/$name.memory
  nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits -lms 200 > "$memory" 2> /dev/null &
  watcher=$!
  timeout "$seconds" "$files/co2net_card_$name" "$files/clip.npy" "$device" "$results/$name.json" \
    "$@" || code=$?
  kill "$watcher" 2> /dev/null || true
  wait "$watcher" 2> /dev/null || true
  if [ -s "$memory" ]; then
    echo "$name: at most $(sort -n "$memory" | tail -1) MiB of the GPU's memory in use"
  fi
  rm -f "$memory"
  [ "$code" -ne 124 ] || echo "$name: ended after $seconds s; what came before is kept" >&2
  return "$code"
}

run() {
  local archive=$1 results=$2 device=${3:-cuda} size=("${@:4}") files=$1 code=0
  local here=() wanted libraries
  mkdir -p "$results"
  if [ -f "$archive" ]; then
    files=$(mktemp -d)
    # shellcheck disable=SC2064  # of now
    trap "rm -rf '$files'" EXIT
    tar xzf "$archive" -C "$files"
  fi
  mapfile -t here < <(python_torch || true)
  wanted=$(short_version "$(cat "$files/torch_version")")
  libraries=$files/lib$(printf ':%s' "${here[@]:1}"):/usr/local/cuda/lib64
  export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2> /dev/null || true
  measure flow "$flow_seconds" "${size[@]}" || code=$?
  if [ "$(short_version "${here[0]:-none}")" = "$wanted" ]; then
    measure networks "$networks_seconds" "${size[@]}" || code=$?
  else
    echo "flow alone: the networks want torch $wanted, and ${PYTHON:-python3} has ${here[0]:-none}"
  fi
  return "$code"
}

case "${1:-} $#" in
  pack\ [123]) pack "${@:2}" ;;
  run\ [345]) run "${@:2}" ;;
  *) sed -n '2,/^set/{/^set/d;p}' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac
