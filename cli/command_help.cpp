#include "cli/cli.h"

namespace co2net {

const std::vector<CommandHelp> kCommandHelp = {
    {"run", "INPUT... --model DIR", "videos to segments: which actions happen, from when to when"},
    {"extract", "INPUT... --model DIR -o DIR",
     "videos to snippet features (.npy, with a .json beside it)"},
    {"flow", "INPUT... -o DIR", "save the TV-L1 optical flow of videos"},
    {"localize", "(FEATURES.npy... | FILE.npy --annotations FILE|DIR) --model DIR",
     "snippet features to segments"},
    {"propose", "SCORES.npz... --model DIR",
     "scores, as 'localize --save-scores' writes them, to segments"},
    {"train",
     "(--features DIR|FILE.npy --annotations FILE|DIR | --videos DIR --labels FILE|DIR|by-folder "
     "--extractor BUNDLE) -o DIR",
     "learn to localize actions from video-level labels"},
    {"ablate", "--features DIR|FILE.npy --annotations FILE|DIR -o DIR",
     "train the paper's comparisons and print them beside its figures"},
    {"suggest", "INPUT... --model DIR",
     "labels of whole videos, by the classes of an I3D, to correct and to train with"},
    {"import", "i3d --rgb FILE --flow FILE -o DIR | co2net FILE --classes FILE --model DIR",
     "PyTorch checkpoints of I3D and of CO2-Net into a model bundle"},
    {"eval", "PREDICTIONS... --ground-truth FILE|DIR",
     "mean average precision of segments against ground truth"},
    {"report", "RESULTS... -o DIR",
     "a page that shows what was found in each video, to look at and to correct; or figures"},
    {"render", "[VIDEO...] --results RESULTS (-o DIR|FILE.mp4 | --clips DIR)",
     "copies of videos in which labels and a timeline are drawn, or a clip of each segment"},
    {"convert", "FILE... -o FILE|DIR",
     "results or annotations from one format to another, several merged"},
    {"merge", "PART... -o FILE|DIR [--inputs INPUT...]",
     "what processes with a --shard each wrote, as one would have; says what is missing"},
    {"pack", "FEATURES_DIR --annotations FILE|DIR -o FILE.npy",
     "a folder of features to one file, as other programs train on"},
    {"unpack", "FILE.npy --annotations FILE|DIR -o DIR", "such a file to a folder of features"},
    {"inspect", "FILE...",
     "list what .pt, .pth, .pkl, .npy, .npz and .safetensors files hold, a line a tensor; runs "
     "nothing of theirs"},
    {"explain", "VIDEO... --model DIR", "say which stages 'run' would compute, and why"},
    {"cache", "stat|verify|gc|clear", "look after the results of stages that are kept on disk"},
    {"probe", "VIDEO...", "print what the container says, a line of JSON a video"},
    {"completion", "bash|fish|zsh", "print what a shell completes these commands and options by"},
    {"manual", "[COMMAND] | -o DIR",
     "print a page of the manual, of all or of a command, to read with man -l"},
    {"doctor", "", "say what this machine has and what would be used: the text for a bug report"},
};

}  // namespace co2net
