# What make_model.sh and benchmark.sh share: the programs, the settings, and stages that are not
# repeated. Sourced, not run.
# shellcheck shell=bash

# shellcheck source=samples/setup.sh
source samples/setup.sh

work=build/samples
build=build/release
co2net=$build/cli/co2net

# How its CO2-Net learns, where that is not as on THUMOS14; the README says why.
# shellcheck disable=SC2034  # read by the scripts that source this file
training_settings=(
  --train-subset training --select last
  --iterations 300 --set length=100 --set learning_rate=0.0003
)

# build_programs [TARGET...]: those that all scripts need, and these.
build_programs() {
  install_missing "build co2net" "${build_packages[@]}"
  cmake --preset release -DBUILD_TESTING=OFF
  cmake --build --preset release --target co2net co2net_draw_actions co2net_train_i3d co2net_bounds "$@"
}

# stage NAME AFTER COMMAND...: runs the command, unless it has already ended well with the same
# arguments, since the stage AFTER did ("none": whenever). Keeps the command in NAME.done and its
# standard output in NAME.out. Delete the folder $work to begin anew with changed programs.
stage() {
  local name=$1 done=$work/$1.done after=$work/$2.done start=$SECONDS
  shift 2
  if [[ -e $done && $(<"$done") == "$*" && ! $done -ot $after ]]; then
    echo "== $name: done before"
    return
  fi
  rm -f "$done"
  mkdir -p "$work"
  echo "== $name: $*"
  "$@" | tee "$work/$name.out"
  echo "$*" >"$done"
  echo "== $name: $((SECONDS - start)) s"
}

# The untrimmed videos: 120 to learn from, 60 to test on.
draw_untrimmed() {
  stage draw-videos none "$build/samples/co2net_draw_actions" -o "$work/videos" --training 120 --test 60 --seed 2
}

# extract MODEL: their features. What is in the cache is not computed again.
extract() {
  "$co2net" extract "$work/videos" --model "$1" --cache "$work/cache" --log-level warning -o "$work/features"
}
