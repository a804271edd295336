# What make_model.sh and benchmark.sh share: the programs, the settings, and stages that are not
# repeated. Sourced, not run.
# shellcheck shell=bash

work=${CO2NET_WORK:-build/samples}
build=build/release
co2net=$build/cli/co2net

# How the sample model sees: the whole picture, small.
# shellcheck disable=SC2034  # here and below: read by the scripts that source this file
recipe_settings=(
  --recipe-set crop_size=96 --recipe-set resize.width=96 --recipe-set resize.height=96
  --recipe-set flow.warps=2 --recipe-set flow.epsilon=0.05 --recipe-set flow.bound=5
)

# How its CO2-Net learns, where that is not as on THUMOS14; the README says why.
# shellcheck disable=SC2034
training_settings=(
  --train-subset training --select last
  --iterations 300 --set length=100 --set learning_rate=0.0003
)

build_programs() {
  install_missing "build co2net" "${build_packages[@]}"
  cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target co2net co2net_draw_actions co2net_train_i3d co2net_bounds
}

# stage NAME COMMAND...: runs the command, unless it has already ended well with the same arguments,
# and keeps its arguments in NAME.done and its standard output in NAME.out.
stage() {
  local name=$1 done=$work/$1.done start=$SECONDS
  shift
  if [[ -e $done && $(<"$done") == "$*" ]]; then
    echo "== $name: done before"
    return
  fi
  echo "== $name: $*"
  mkdir -p "$work"
  "$@" | tee "$work/$name.out"
  echo "$*" >"$done"
  echo "== $name: $((SECONDS - start)) s"
}

# The untrimmed videos: 120 to learn from, 60 to test on.
draw_untrimmed() {
  stage draw-videos "$build/samples/co2net_draw_actions" -o "$work/videos" --training 120 --test 60 --seed 2
}

# extract MODEL: their features.
extract() {
  stage extract "$co2net" extract "$work/videos" --model "$1" --cache "$work/cache" -o "$work/features"
}
