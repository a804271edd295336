#!/usr/bin/env bash
# Builds co2net for NVIDIA's GPUs in build/cuda, with libtorch and all of CUDA that it takes from
# PyPI, into a folder of one's own: neither CUDA, nor a GPU, nor root's rights are needed, once
# Debian's packages are there. Then tries out what was built. Steps that are done are not done again.
#
#     samples/cuda.sh [--opencv] [--tests] [--card] [FOLDER]
#
# FOLDER    for what is downloaded: $XDG_CACHE_HOME/co2net-cuda; takes 7 GB
# --opencv  also OpenCV with its CUDA modules, for flow.variant=opencv-cuda: another hour or two.
#           CUDA_ARCH is the GPU's compute capability (9.0)
# --tests   also builds the tests for GPUs and runs them, which skip themselves without one
# --card    builds instead what tests/gpu/card.sh takes to a machine with a GPU, and tries out nothing
#
# JOBS is the number of compilers at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh

with_opencv=false with_tests=false for_card=false folder=
for argument; do
  case $argument in
    --opencv) with_opencv=true ;;
    --tests) with_tests=true ;;
    --card) for_card=true ;;
    -*) echo "samples/cuda.sh: unknown option $argument; give --opencv, --tests, --card or a folder" >&2 && exit 2 ;;
    *) folder=$argument ;;
  esac
done
folder=$(realpath -m "${folder:-${XDG_CACHE_HOME:-$HOME/.cache}/co2net-cuda}")
arch=${CUDA_ARCH:-9.0} jobs=${JOBS:-$(nproc)}
wheels=$folder/wheels # laid out as pip would, so that libtorch finds its neighbours
cuda=$wheels/nvidia/cu13
opencv=$folder/opencv-$arch co2net=build/cuda

# OpenCV 4.14 with its extra modules.
opencv_archive=opencv_contrib_python_headless-4.14.0.94.tar.gz
opencv_address=https://files.pythonhosted.org/packages/47/36/cc620b8809235d50f3713b1b592fcd2f117e41322a10fb37e6d332b8e7b8
opencv_sha256=6cd98a20010c80bf9e6a9cff6189dd2c10bd111fb0aa4d5c6361389514a0ff6c

# Wheels for Python 3.11, whatever Python is here: only what is no Python in them is taken.
download() {
  local minor platforms=(--platform manylinux2014_x86_64)
  for minor in {17..28}; do platforms+=(--platform "manylinux_2_${minor}_x86_64"); done
  python3 -m pip download --no-deps --require-hashes --only-binary=:all: --python-version 3.11 \
    "${platforms[@]}" -d "$folder/archives" -r samples/cuda_wheels.txt
}

unpack() {
  local wheel library
  rm -rf "$wheels"
  mkdir -p "$wheels"
  for wheel in "$folder"/archives/*.whl; do
    (cd "$wheels" && cmake -E tar xf "$wheel")
  done
  ln -s lib "$cuda/lib64"
  chmod +x "$cuda"/bin/* "$cuda"/nvvm/bin/*
  for library in "$wheels"/nvidia/*/lib/lib*.so.*; do # wheels lack the names that linkers look for
    [ -e "${library%%.so.*}.so" ] || ln -s "${library##*/}" "${library%%.so.*}.so"
  done
  # CMake looks for the driver's library; nothing is linked with it.
  mkdir -p "$cuda/lib/stubs"
  gcc -shared -Wl,-soname,libcuda.so.1 -x c /dev/null -o "$cuda/lib/stubs/libcuda.so"
}

unpack_opencv() {
  local source=$folder/opencv-source kernels
  rm -rf "$source"
  mkdir -p "$source"
  curl -fsSL --retry 3 -o "$folder/archives/$opencv_archive" "$opencv_address/$opencv_archive"
  echo "$opencv_sha256  $folder/archives/$opencv_archive" | sha256sum -c --quiet
  tar xzf "$folder/archives/$opencv_archive" -C "$source" --strip-components=1

  # cudaoptflow destroys textures that a kernel may not have read yet; with several streams at work
  # another one's texture can take their place. Let it wait for its stream first.
  kernels=$source/opencv_contrib/modules/cudaoptflow/src/cuda/tvl1flow.cu
  sed -i '/void warpBackward(PtrStepSzf/,/^    }/ {
    /if (!stream)/d
    s/cudaDeviceSynchronize()/cudaStreamSynchronize(stream)/
  }' "$kernels"
  grep -q 'cudaStreamSynchronize(stream)' "$kernels"
}

# How CMake finds the compiler and libraries in the wheels, and no others.
cuda_for_cmake=(
  "-DCUDA_TOOLKIT_ROOT_DIR=$cuda" "-DCUDAToolkit_ROOT=$cuda"
  "-DCMAKE_CUDA_COMPILER=$cuda/bin/nvcc" "-DCUDNN_ROOT=$wheels/nvidia/cudnn"
)

build_opencv() {
  local modules=cudev,cudaarithm,cudaimgproc,cudawarping,cudaoptflow # all that TV-L1 needs
  local absent option without=()
  for absent in ADE AVIF CUBLAS CUDNN CUFFT EIGEN FFMPEG GSTREAMER GTK IPP ITT JASPER LAPACK \
    NVCUVENC NVCUVID OPENEXR OPENJPEG PROTOBUF TIFF V4L WEBP; do
    without+=("-DWITH_$absent=OFF")
  done
  for option in TESTS PERF_TESTS EXAMPLES opencv_apps JAVA opencv_python3; do
    without+=("-DBUILD_$option=OFF")
  done
  cmake -G Ninja -S "$folder/opencv-source/opencv" -B "$opencv-build" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$opencv" \
    -DOPENCV_EXTRA_MODULES_PATH="$folder/opencv-source/opencv_contrib/modules" \
    -DBUILD_LIST="$modules,optflow,imgproc,imgcodecs,video" "${cuda_for_cmake[@]}" \
    -DWITH_CUDA=ON -DCUDA_ARCH_BIN="$arch" -DCUDA_ARCH_PTX= -DCUDA_USE_STATIC_CUDA_RUNTIME=OFF \
    -DCMAKE_LIBRARY_PATH="$cuda/lib" "${without[@]}"
  cmake --build "$opencv-build" -j "$jobs" --target install
}

build_co2net() {
  local targets=(co2net co2net_draw_actions) prefixes=$wheels/torch testing=OFF
  if $with_opencv; then prefixes+=";$opencv"; fi
  if $with_tests; then targets+=(gpu_tests); fi
  if $for_card; then targets=(co2net_card_flow co2net_card_networks); fi
  if $with_tests || $for_card; then testing=ON; fi
  # libtorch's package compiles nothing of ours by nvcc, but wants an architecture to be named.
  TORCH_CUDA_ARCH_LIST=$arch cmake -G Ninja -S . -B "$co2net" -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_TESTING="$testing" \
    -DCO2NET_CONCURRENT_CUDA_FLOW="$($with_opencv && echo ON || echo OFF)" \
    "${cuda_for_cmake[@]}" -DCMAKE_PREFIX_PATH="$prefixes"
  cmake --build "$co2net" -j "$jobs" --target "${targets[@]}"
}

# Fails unless the words are in the file.
expect_said() { grep -F -- "$1" "$2" || { cat "$2" && return 1; }; }

try_out() {
  local program=$co2net/cli/co2net out=$folder/tryout code=0 clip device
  rm -rf "$out"
  mkdir "$out"
  "$program" doctor --cache "$out/cache"
  "$co2net/samples/co2net_draw_actions" -o "$out/videos" --test 1 --seconds 6 --seed 1
  clip=("$out"/videos/*.mp4)
  localize() { # ON
    "$program" run "${clip[0]}" --model samples/model --cache "$out/cache" --device "$1" \
      -o "$out/$1.json" 2>&1 | tee "$out/$1.log"
  }
  for device in cpu auto; do localize "$device"; done
  if nvidia-smi -L 2>/dev/null; then
    localize cuda
  else
    expect_said 'no CUDA device' "$out/auto.log"
    localize cuda || code=$?
    expect_said "there is no driver" "$out/cuda.log"
    [ "$code" -eq 2 ] || { echo "--device cuda: exit code $code, not 2" && return 1; }
    echo "No GPU here: nothing was run on one."
  fi
  if $with_tests; then ctest --test-dir "$co2net" -L gpu --output-on-failure; fi
}

# step NAME [MARKER]: runs the function of that name, its output in a log, unless the marker says that
# it is done.
durations=()
step() {
  local name=$1 marker=${2:+$folder/$2.done} start=$SECONDS
  if [ -n "$marker" ] && [ -e "$marker" ]; then
    durations+=("$name: done before")
    return
  fi
  echo "$name (log: $folder/$name.log)"
  (set -e && "$name") >"$folder/$name.log" 2>&1 & # waited for, lest '||' turn off its 'set -e'
  wait $! || { tail -20 "$folder/$name.log" >&2 && return 1; }
  [ -z "$marker" ] || touch "$marker"
  durations+=("$name: $((SECONDS - start)) s")
}

packages=("${build_packages[@]}" python3-pip)
if $with_opencv; then packages+=(curl libjpeg-dev libpng-dev); fi
if $with_tests || $for_card; then packages+=(libgtest-dev); fi
install_missing "build co2net" "${packages[@]}"
mkdir -p "$folder"
wheels_version=$(sha256sum samples/cuda_wheels.txt | cut -c1-12)
step download "download-$wheels_version"
step unpack "unpack-$wheels_version"
if $with_opencv; then
  step unpack_opencv unpack_opencv
  step build_opencv "build_opencv-$arch"
fi
step build_co2net
if ! $for_card; then
  step try_out
  cat "$folder/try_out.log"
fi
printf '%s\n' "${durations[@]}"
if ! $for_card; then echo "The program: $co2net/cli/co2net"; fi
