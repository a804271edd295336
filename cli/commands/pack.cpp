#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>
#include <set>

#include "cli/options.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/datasets/feature_set.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

void add_annotations_option(po::options_description& options) {
  options.add_options()("annotations", po::value<std::string>()->value_name("FILE|DIR"),
                        "annotations of the videos, which say their order");
}

Strings parse_ids(const po::variables_map& args) {
  if (args.count("annotations") == 0) {
    throw Error(ErrorKind::kUsage, "no videos: give their annotations with --annotations FILE|DIR");
  }
  const Annotations annotations =
      read_input(read_annotations, args["annotations"].as<std::string>());
  Strings ids;
  for (const AnnotatedVideo& video : annotations.videos) ids.push_back(video.id);
  return ids;
}

FeatureSet read_features(const fs::path& path, const Strings& ids) {
  return read_input([&](const fs::path& given) { return FeatureSet(given, ids); }, path);
}

fs::path parse_features(const po::variables_map& args, const std::string& what) {
  const Strings arguments = parse_arguments(args, what);
  if (arguments.size() > 1) throw Error(ErrorKind::kUsage, "give one " + what + " only");
  return arguments.front();
}

void add_pack_options(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE.npy"),
                        "file to write");
  add_annotations_option(options);
  options.add_options()("allow-missing", po::bool_switch(),
                        "let videos without features be arrays [0, 2D] instead of an error");
}

fs::path parse_packed_file(const po::variables_map& args) {
  const fs::path output = parse_output(args);
  if (output.empty()) {
    throw Error(ErrorKind::kUsage,
                "no output: give a file with -o FILE.npy; packed features do not go to standard "
                "output");
  }
  return output;
}

void warn_of_gaps(const Strings& ids) {
  for (const std::string& id : ids) spdlog::warn("no features of {}", id);
}

// Readers of packed files count on a video's place in the order, so none may be left out.
void report_gaps(const FeatureSet& features, const fs::path& folder, bool allowed) {
  Strings missing;
  for (std::size_t video = 0; video < features.ids().size(); ++video) {
    if (features.snippets(video) == 0) missing.push_back(features.ids()[video]);
  }
  warn_of_gaps(missing);
  if (missing.empty() || allowed) return;
  throw Error(ErrorKind::kInput,
              folder.string() + " has no features of " + counted("videos", missing) +
                  "; extract them, or pack empty arrays for them with --allow-missing");
}

void warn_of_extras(const fs::path& folder, const Strings& ids) {
  const std::set<std::string> known(ids.begin(), ids.end());
  Strings extras;
  for (const std::string& name : names_in(folder)) {
    const fs::path file(name);
    if (file.extension() == ".npy" && known.count(file.stem().string()) == 0) {
      extras.push_back(name);
    }
  }
  if (!extras.empty()) {
    spdlog::warn("left out {}", counted("files that the annotations do not list", extras));
  }
}

// What is packed together was made alike, as far as sidecars tell; where only some have one, the
// log says so.
void expect_one_origin(const fs::path& folder, const Strings& ids) {
  Json first;
  std::string first_id;
  Strings untold;
  for (const std::string& id : ids) {
    const fs::path file = folder / (id + ".npy");
    if (!fs::exists(file)) continue;
    const Json origin = origin_of(read_features_sidecar(file));
    if (origin.is_null()) {
      untold.push_back(id);
      continue;
    }
    if (first.is_null()) {
      first = origin;
      first_id = id;
    }
    if (origin != first) {
      throw Error(ErrorKind::kInput, folder.string() + ": " + id + " was made otherwise than " +
                                         first_id + ": " + joined(json_differences(first, origin)) +
                                         "; extract all of them alike");
    }
  }
  if (!first.is_null() && !untold.empty()) {
    spdlog::warn("nothing beside {} says how they were made, as it does for the others",
                 counted("files", untold));
  }
}

int run_pack(const po::variables_map& args, Io&) {
  const fs::path folder = parse_features(args, "FEATURES_DIR");
  const fs::path output = parse_packed_file(args);
  const Strings ids = parse_ids(args);
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::kUsage, folder.string() + " is not a folder of features");
  }
  for (const std::string& id : ids) expect_no_input_at(output, {{folder / (id + ".npy"), id}});
  expect_one_origin(folder, ids);
  const FeatureSet features = read_features(folder, ids);
  report_gaps(features, folder, args["allow-missing"].as<bool>());
  warn_of_extras(folder, ids);
  write_file_with(output, [&](const fs::path& temporary) {
    ObjectNpyWriter writer(temporary, static_cast<std::int64_t>(ids.size()));
    for (std::size_t video = 0; video < ids.size(); ++video) {
      throw_if_interrupted();
      writer.add(features.rows(video));
    }
    writer.finish();
  });
  spdlog::info("{} videos, {} columns", ids.size(), features.feature_size());
  return 0;
}

void add_unpack_options(po::options_description& options) {
  add_directory_option(options);
  add_annotations_option(options);
  add_recipe_options(options, true);
}

// How the features were made, if the user knows it: the packed file does not say.
std::optional<Recipe> parse_known_recipe(const po::variables_map& args) {
  if (args.count("recipe") > 0) {
    const Recipe recipe = parse_recipe(args, {});
    if (recipe.fps != "source") return recipe;
    throw Error(ErrorKind::kUsage,
                "--recipe: " + recipe.name +
                    " keeps each video's own rate, which a packed file does not say; leave out "
                    "--recipe, or name the rate with --recipe-set fps=N");
  }
  if (args.count("recipe-set") > 0) {
    throw Error(ErrorKind::kUsage, "--recipe-set changes a recipe: name it with --recipe");
  }
  spdlog::warn(
      "nothing says by which recipe the features were made; where you know it, name it with "
      "--recipe, so that it is kept beside them");
  return std::nullopt;
}

int run_unpack(const po::variables_map& args, Io&) {
  const fs::path packed = parse_features(args, "FILE.npy");
  const fs::path directory = parse_directory(args);
  const Strings ids = parse_ids(args);
  const std::optional<Recipe> recipe = parse_known_recipe(args);
  expect_only_in(directory, [](const std::string&) { return false; });
  if (fs::is_directory(packed)) {
    throw Error(ErrorKind::kUsage, packed.string() + " is a folder; name a packed file");
  }
  const FeatureSet features = read_features(packed, ids);
  Strings missing;
  write_folder_with(directory, [&](const fs::path& temporary) {
    for (std::size_t video = 0; video < ids.size(); ++video) {
      throw_if_interrupted();
      if (features.snippets(video) == 0) {
        missing.push_back(ids[video]);
        continue;
      }
      const fs::path file = temporary / (ids[video] + ".npy");
      const std::string bytes = format_npy(features.rows(video));
      if (recipe) {
        write_with_sidecar(file, bytes, features_sidecar(*recipe, features.snippets(video)));
      } else {
        write_file(file, bytes);
      }
    }
  });
  warn_of_gaps(missing);
  spdlog::info("{} videos, {} columns", ids.size() - missing.size(), features.feature_size());
  return 0;
}

}  // namespace

const Command kPackCommand = {"pack", add_pack_options, run_pack};
const Command kUnpackCommand = {"unpack", add_unpack_options, run_unpack};

}  // namespace co2net
