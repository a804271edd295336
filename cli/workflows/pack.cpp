#include "cli/workflows/pack.h"

#include <spdlog/spdlog.h>

#include <functional>
#include <set>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/datasets/feature_set.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

Strings read_ids(const fs::path& annotations) {
  Strings ids;
  for (const AnnotatedVideo& video : read_input(read_annotations, annotations).videos) {
    ids.push_back(video.id);
  }
  return ids;
}

FeatureSet read_features(const fs::path& path, const Strings& ids) {
  return read_input([&](const fs::path& given) { return FeatureSet(given, ids); }, path);
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
  std::optional<FeaturesSidecar> first;
  std::string first_id;
  Strings untold;
  for (const std::string& id : ids) {
    const fs::path file = folder / (id + ".npy");
    if (!fs::exists(file)) continue;
    const std::optional<FeaturesSidecar> sidecar = read_features_sidecar(file);
    if (!sidecar) {
      untold.push_back(id);
      continue;
    }
    if (!first) {
      first = sidecar;
      first_id = id;
    }
    const Strings differences = differences_in_making(*first, *sidecar);
    if (!differences.empty()) {
      throw Error(ErrorKind::kInput, folder.string() + ": " + id + " was made otherwise than " +
                                         first_id + ": " + joined(differences) +
                                         "; extract all of them alike");
    }
  }
  if (first && !untold.empty()) {
    spdlog::warn("nothing beside {} says how they were made, as it does for the others",
                 counted("files", untold));
  }
}

// Its sidecar says the recipe, where that is known.
void write_features(const fs::path& file, const Array& rows, const std::optional<Recipe>& recipe) {
  if (recipe) {
    write_with_sidecar(file, format_npy(rows), features_sidecar(*recipe, rows.dim(0)));
  } else {
    write_file(file, format_npy(rows));
  }
}

// Calls `use` with each video's place and features, one after the other.
void for_each_video(const FeatureSet& features, const Observer& observer,
                    const std::function<void(std::size_t video, const Array& rows)>& use) {
  observer.on_series("videos", features.ids().size());
  for (std::size_t video = 0; video < features.ids().size(); ++video) {
    throw_if_interrupted();
    observer.on_start(features.ids()[video]);
    const auto snippets = static_cast<std::int64_t>(features.snippets(video));
    use(video, features.rows(video));
    observer.on_progress("snippets", snippets, snippets);
    observer.on_end();
  }
}

}  // namespace

PackedFeatures pack_features(const PackJob& job, const Observer& observer) {
  const Strings ids = read_ids(job.annotations);
  if (!fs::is_directory(job.folder)) {
    throw Error(ErrorKind::kUsage, job.folder.string() + " is not a folder of features");
  }
  for (const std::string& id : ids) {
    expect_no_input_at(job.packed, {{job.folder / (id + ".npy"), id}});
  }
  expect_one_origin(job.folder, ids);
  const FeatureSet features = read_features(job.folder, ids);
  report_gaps(features, job.folder, job.allow_missing);
  warn_of_extras(job.folder, ids);
  write_file_with(job.packed, [&](const fs::path& temporary) {
    ObjectNpyWriter writer(temporary, static_cast<std::int64_t>(ids.size()));
    for_each_video(features, observer, [&](std::size_t, const Array& rows) { writer.add(rows); });
    writer.finish();
  });
  return {ids.size(), features.feature_size()};
}

PackedFeatures unpack_features(const UnpackJob& job, const Observer& observer) {
  const Strings ids = read_ids(job.annotations);
  expect_only_in(job.folder, [](const std::string&) { return false; });
  if (fs::is_directory(job.packed)) {
    throw Error(ErrorKind::kUsage, job.packed.string() + " is a folder; name a packed file");
  }
  const FeatureSet features = read_features(job.packed, ids);
  Strings missing;
  write_folder_with(job.folder, [&](const fs::path& temporary) {
    for_each_video(features, observer, [&](std::size_t video, const Array& rows) {
      if (features.snippets(video) == 0) {
        missing.push_back(ids[video]);
      } else {
        write_features(temporary / (ids[video] + ".npy"), rows, job.recipe);
      }
    });
  });
  warn_of_gaps(missing);
  return {ids.size() - missing.size(), features.feature_size()};
}

}  // namespace co2net
