#!/usr/bin/env bash
# Builds co2net for NVIDIA GPUs from nothing but Debian's packages, CUDA 13.0 (nvcc, cuDNN 9) and
# archives from PyPI: OpenCV's sources with their CUDA modules, libtorch, and the NVIDIA libraries
# that CUDA's own packages lack. Runs what was built, with and without a GPU, and prints how long
# each step took. Steps that are done are not done again.
#
#     tests/gpu_build.sh [CACHE]        CACHE: $XDG_CACHE_HOME/co2net-gpu-build; takes 5 GB
#
# CUDA_ARCH is the GPU's compute capability (9.0), JOBS the number of compilers at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=samples/setup.sh
source samples/setup.sh
cache=$(realpath -m "${1:-${XDG_CACHE_HOME:-$HOME/.cache}/co2net-gpu-build}")
arch=${CUDA_ARCH:-9.0} jobs=${JOBS:-$(nproc)}
wheels=$cache/wheels # laid out as pip would, so that libtorch finds its neighbours
cuda_libraries=$wheels/nvidia/cu13/lib
opencv=$cache/opencv-$arch co2net=$cache/co2net-$arch

# SHA-256 and address: OpenCV 4.14, libtorch 2.11 for CUDA 13.0, and what they link beside CUDA.
archives='
6cd98a20010c80bf9e6a9cff6189dd2c10bd111fb0aa4d5c6361389514a0ff6c 47/36/cc620b8809235d50f3713b1b592fcd2f117e41322a10fb37e6d332b8e7b8/opencv_contrib_python_headless-4.14.0.94.tar.gz
7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a 8c/8b/d7be22fbec9ffee6cff31a39f8750d4b3a65d349a286cf4aec74c2375662/torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl
70a53f1eb78a4c4c6a9ad08b50d28fbd1c190e03a4b45a0e0ffbdd794cc919a3 21/7b/fd07fe0c882df3a82b33b89fec3fba9c0eb9dae428689cc0edcba76cc916/nvidia_npp-13.0.1.2-py3-none-manylinux_2_27_x86_64.whl
08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44 3f/70/4f193de89a48b71714e74602ee14d04e4019ad36a5a9f20c425776e72cd6/nvidia_cufile-1.15.1.6-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl
25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd fd/53/43b0d71f4e702fa9733f8b4571fdca50a8813f1e450b656c239beff12315/nvidia_cusparselt_cu13-0.8.0-py3-none-manylinux2014_x86_64.whl
290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80 3c/35/a9bf80a609e74e3b000fef598933235c908fcefcef9026042b8e6dfde2a9/nvidia_nvshmem_cu13-3.4.5-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl
'

download() {
  local sha256 address
  mkdir -p "$cache/archives"
  while read -r sha256 address; do
    [ -n "$sha256" ] || continue
    curl -fsSL --retry 3 -o "$cache/archives/${address##*/}" \
      "https://files.pythonhosted.org/packages/$address"
    echo "$sha256  $cache/archives/${address##*/}" | sha256sum -c --quiet
  done <<<"$archives"
}

unpack() {
  local wheel library
  rm -rf "$wheels" "$cache/source"
  mkdir -p "$wheels" "$cache/source"
  for wheel in "$cache"/archives/*.whl; do
    (cd "$wheels" && cmake -E tar xf "$wheel")
  done
  for library in "$cuda_libraries"/libnpp*.so.13; do # wheels lack the names that linkers look for
    ln -s "${library##*/}" "${library%.13}"
  done
  tar xzf "$cache"/archives/opencv*.tar.gz -C "$cache/source" --strip-components=1

  # cudaoptflow destroys textures that a kernel may not have read yet; with several streams at work
  # another one's texture can take their place. Let it wait for its stream first.
  local kernels=$cache/source/opencv_contrib/modules/cudaoptflow/src/cuda/tvl1flow.cu
  sed -i '/void warpBackward(PtrStepSzf/,/^    }/ {
    /if (!stream)/d
    s/cudaDeviceSynchronize()/cudaStreamSynchronize(stream)/
  }' "$kernels"
  grep -q 'cudaStreamSynchronize(stream)' "$kernels"
}

build_opencv() {
  local modules=cudev,cudaarithm,cudaimgproc,cudawarping,cudaoptflow # all that TV-L1 needs
  local npp_headers=-I$wheels/nvidia/cu13/include absent option without=()
  for absent in ADE AVIF CUBLAS CUDNN CUFFT EIGEN FFMPEG GSTREAMER GTK IPP ITT JASPER LAPACK \
    NVCUVENC NVCUVID OPENEXR OPENJPEG PROTOBUF TIFF V4L WEBP; do
    without+=("-DWITH_$absent=OFF")
  done
  for option in TESTS PERF_TESTS EXAMPLES opencv_apps JAVA opencv_python3; do
    without+=("-DBUILD_$option=OFF")
  done
  cmake -G Ninja -S "$cache/source/opencv" -B "$opencv-build" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$opencv" \
    -DOPENCV_EXTRA_MODULES_PATH="$cache/source/opencv_contrib/modules" \
    -DBUILD_LIST="$modules,optflow,imgproc,imgcodecs,video" \
    -DWITH_CUDA=ON -DCUDA_ARCH_BIN="$arch" -DCUDA_ARCH_PTX= -DCUDA_USE_STATIC_CUDA_RUNTIME=OFF \
    -DCMAKE_LIBRARY_PATH="$cuda_libraries" -DCMAKE_CXX_FLAGS="$npp_headers" \
    -DCUDA_NVCC_FLAGS="$npp_headers" "${without[@]}"
  cmake --build "$opencv-build" -j "$jobs" --target install
}

build_co2net() {
  TORCH_CUDA_ARCH_LIST=$arch cmake -G Ninja -S . -B "$co2net" \
    -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON -DCO2NET_CONCURRENT_CUDA_FLOW=ON \
    -DCMAKE_PREFIX_PATH="$wheels/torch;$opencv"
  cmake --build "$co2net" -j "$jobs" \
    --target co2net co2net_draw_actions co2net_make_bundle gpu_tests
}

# Fails unless the words are in the file.
expect_said() { grep -F -- "$1" "$2" || { cat "$2" && return 1; }; }

try_out() {
  local program=$co2net/cli/co2net out=$cache/tryout
  rm -rf "$out"
  mkdir "$out"
  "$program" --version
  "$co2net/samples/co2net_draw_actions" -o "$out/videos" --test 1 --seconds 6 --seed 1
  "$co2net/samples/co2net_make_bundle" -o "$out/model" --width 0.0625 --seed 1
  local clip=("$out"/videos/*.mp4)
  "$program" flow "${clip[0]}" -o "$out/flow" --backend cpu
  "$program" run "${clip[0]}" --model "$out/model" --no-cache --device auto -o "$out/auto.json" \
    2>"$out/auto.log"
  cat "$out/auto.log"
  if nvidia-smi -L 2>/dev/null; then
    ctest --test-dir "$co2net" -L gpu --output-on-failure
  else
    expect_said 'no CUDA device' "$out/auto.log"
    local code=0
    "$program" run "${clip[0]}" --model "$out/model" --no-cache --device cuda -o "$out/cuda.json" \
      2>"$out/cuda.log" || code=$?
    expect_said 'no CUDA device' "$out/cuda.log"
    [ "$code" -eq 2 ] || { echo "--device cuda: exit code $code, not 2" && return 1; }
    echo "No GPU here: nothing was run on one."
  fi
}

# step NAME [MARKER]: runs the function of that name, its output in a log, unless the marker says that
# it is done.
durations=()
step() {
  local name=$1 marker=${2:+$cache/$2.done} start=$SECONDS
  if [ -n "$marker" ] && [ -e "$marker" ]; then
    durations+=("$name: done before")
    return
  fi
  echo "$name (log: $cache/$name.log)"
  (set -e && "$name") >"$cache/$name.log" 2>&1 & # waited for, lest '||' turn off its 'set -e'
  wait $! || { tail -20 "$cache/$name.log" >&2 && return 1; }
  [ -z "$marker" ] || touch "$marker"
  durations+=("$name: $((SECONDS - start)) s")
}

install_missing "build co2net" "${build_packages[@]}" libgtest-dev libjpeg-dev libpng-dev curl
mkdir -p "$cache"
step download download
step unpack unpack
step build_opencv "build_opencv-$arch"
step build_co2net
step try_out
cat "$cache/try_out.log"
printf '%s\n' "${durations[@]}"
