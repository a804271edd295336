#include "pipeline/datasets/feature_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::expect_error;

const std::vector<std::string> kIds = {"b", "gap", "a"};

Array array_of(const std::string& id) {
  return test::hashfill("features/" + id, {id == "a" ? 5 : 3, 4}, 1);
}

// The same features as a folder and as one file.
struct Features {
  Features() {
    ObjectNpyWriter writer(packed, 3);
    for (const std::string& id : kIds) {
      const Array array = id == "gap" ? Array({0, 4}) : array_of(id);
      writer.add(array);
      if (id != "gap") write_file(folder / (id + ".npy"), format_npy(array));
    }
    writer.finish();
  }
  TempDir dir;
  fs::path folder = dir.path() / "folder", packed = dir.path() / "packed.npy";
};

TEST(FeatureSet, GivesTheSameFromAFolderAndFromAPackedFile) {
  const Features features;
  for (const fs::path& path : {features.folder, features.packed}) {
    const FeatureSet set(path, kIds);
    EXPECT_EQ(set.ids(), kIds);
    EXPECT_EQ(set.feature_size(), 4);
    EXPECT_EQ(set.snippets(0), 3);
    EXPECT_EQ(set.snippets(1), 0);
    EXPECT_EQ(set.snippets(2), 5);
    EXPECT_EQ(set.rows(0), array_of("b"));
    EXPECT_EQ(set.rows(1), Array({0, 4}));
    EXPECT_EQ(set.rows(2), array_of("a"));
  }
}

TEST(FeatureSet, GivesRowsInTheOrderThatTheyAreAskedFor) {
  const Features features;
  const Array all = array_of("a");
  const std::vector<std::int64_t> indices = {4, 0, 4};
  Array want({3, 4});
  for (std::int64_t i = 0; i < 3; ++i) {
    std::copy_n(all.row(indices[static_cast<std::size_t>(i)]), 4, want.row(i));
  }
  for (const fs::path& path : {features.folder, features.packed}) {
    EXPECT_EQ(FeatureSet(path, kIds).rows(2, indices), want);
  }
}

TEST(FeatureSet, KnowsWhatIsAllZero) {
  const TempDir dir;
  Array last_only({3, 4});
  last_only.row(2)[3] = -1e-30f;
  write_file(dir.path() / "zero.npy", format_npy(Array({3, 4})));
  write_file(dir.path() / "last.npy", format_npy(last_only));
  const FeatureSet set(dir.path(), {"zero", "last", "absent"});
  EXPECT_TRUE(set.is_all_zero(0));
  EXPECT_FALSE(set.is_all_zero(1));
  EXPECT_TRUE(set.is_all_zero(2));
}

TEST(FeatureSet, ReadsOtherNumbersAndOrders) {
  const TempDir dir;
  const std::string fortran = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }";
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(fortran.size());
  bytes += '\0' + fortran + std::string("\0\1\2\3\4\5", 6);
  write_file(dir.path() / "columns.npy", bytes);
  write_file(
      dir.path() / "doubles.npy",
      npy_header("<f8", {1, 3}) + std::string("\0\0\0\0\0\0\xf8\x3f", 8) + std::string(16, '\0'));
  const FeatureSet set(dir.path(), {"columns", "doubles"});
  EXPECT_EQ(set.rows(0), Array({2, 3}, {0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(set.rows(0, std::vector<std::int64_t>{1}), Array({1, 3}, {1, 3, 5}));
  EXPECT_EQ(set.rows(1), Array({1, 3}, {1.5f, 0, 0}));
}

TEST(FeatureSet, ReadsPackedVideosOfEqualLengthThatNumpyMadeOneArrayOf) {
  const TempDir dir;
  const Array both = test::hashfill("both", {2, 3, 4}, 1);
  write_file(dir.path() / "x.npy", format_npy(both));
  const FeatureSet set(dir.path() / "x.npy", {"a", "b"});
  EXPECT_EQ(set.rows(1), Array({3, 4}, {both.row(1), both.row(1) + 12}));
}

TEST(FeatureSet, ErrorsNameTheFileAndTheDefect) {
  const Features features;
  const auto fails = [](const fs::path& path, const std::vector<std::string>& ids,
                        std::vector<std::string> words) {
    words.push_back(path.string());
    expect_error(ErrorKind::kInput, words, [&] { FeatureSet(path, ids); });
  };
  fails(features.packed, {"a"}, {"3 arrays", "1 video"});
  fails(features.folder, {"x", "v_a"},
        {"2 features", "2 videos of the annotations (x, v_a)", "'v_'"});
  write_file(features.folder / "wide.npy", format_npy(Array({2, 5})));
  fails(features.folder, {"b", "wide"}, {"wide.npy", "5 columns", "4"});
  write_file(features.folder / "flat.npy", format_npy(Array({8})));
  fails(features.folder, {"b", "flat"}, {"flat.npy", "[8]"});
  write_file(features.folder / "junk.npy", "junk");
  fails(features.folder, {"junk"}, {"junk.npy"});
  fails(features.folder / "b.npy", {"b"}, {"not packed"});
  {
    ObjectNpyWriter writer(features.dir.path() / "texts.npy", 1);
    writer.add(std::vector<std::string>{"x"});
    writer.finish();
  }
  fails(features.dir.path() / "texts.npy", {"b"}, {"array 0", "numbers"});
}

TEST(FeatureSet, ValuesThatAreNotFiniteNameTheVideoAndThePlace) {
  const TempDir dir;
  Array array({3, 4});
  array.row(2)[1] = std::numeric_limits<float>::quiet_NaN();
  write_file(dir.path() / "clip.npy", format_npy(array));
  const FeatureSet set(dir.path(), {"clip"});
  EXPECT_EQ(set.rows(0, std::vector<std::int64_t>{0, 1}), Array({2, 4}));
  expect_error(ErrorKind::kInput, {"clip", "snippet 2", "column 1"}, [&] {
    set.rows(0, std::vector<std::int64_t>{0, 2});
  });
}

TEST(FeatureSet, KeepsOneFileOpenAndNoneOfAFolder) {
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const Features features;
  const auto before = open_files();
  const FeatureSet folder(features.folder, kIds), packed(features.packed, kIds);
  EXPECT_EQ(open_files(), before + 1) << "the packed one";
  EXPECT_EQ(folder.rows(0), packed.rows(0));
  const std::string mapped = read_file("/proc/self/maps");
  EXPECT_NE(mapped.find(features.packed), std::string::npos);
  EXPECT_EQ(mapped.find(features.folder), std::string::npos) << "a process has 65,530 mappings";
}

TEST(FeatureSet, NamesAFileOfAFolderThatWasChangedMeanwhile) {
  const Features features;
  const FeatureSet set(features.folder, kIds);
  write_file(features.folder / "a.npy", format_npy(Array({4, 4})));
  expect_error(ErrorKind::kInput, {"a.npy", "changed"}, [&] { set.rows(2); });
}

// Of one video, in a folder or a file of its own.
void write_part(const fs::path& path, const std::string& id) {
  if (path.extension() != ".npy") {
    write_file(path / (id + ".npy"), format_npy(array_of(id)));
    return;
  }
  ObjectNpyWriter writer(path, static_cast<std::int64_t>(kIds.size()));
  for (const std::string& each : kIds) writer.add(each == id ? array_of(id) : Array({0, 4}));
  writer.finish();
}

TEST(FeatureSet, IsTheSameOfSeveralFoldersAndFilesInAnyOrder) {
  const Features whole;
  const FeatureSet one(whole.folder, kIds);
  for (const std::string suffix : {"", ".npy"}) {
    const fs::path first = whole.dir.path() / ("first" + suffix);
    const fs::path second = whole.dir.path() / "second";
    write_part(first, "a");
    write_part(second, "b");
    for (const std::vector<fs::path>& paths :
         {std::vector{first, second}, std::vector{second, first}}) {
      const FeatureSet set(paths, kIds);
      EXPECT_EQ(set.ids(), kIds);
      for (std::size_t video = 0; video < kIds.size(); ++video) {
        EXPECT_EQ(set.snippets(video), one.snippets(video));
        EXPECT_EQ(set.rows(video), one.rows(video));
      }
      EXPECT_EQ(set.file_of(0), second / "b.npy");
      EXPECT_EQ(set.is_packed(2), !suffix.empty());
      EXPECT_EQ(set.file_of(2), suffix.empty() ? first / "a.npy" : first);
    }
  }
}

TEST(FeatureSet, NamesBothPlacesOfAVideoThatTwoOfThemHave) {
  const Features features;
  const fs::path other = features.dir.path() / "other";
  write_part(other, "a");
  expect_error(ErrorKind::kInput,
               {"video a", (features.folder / "a.npy").string(), (other / "a.npy").string()}, [&] {
                 FeatureSet(std::vector{features.folder, other}, kIds);
               });
  expect_error(ErrorKind::kInput, {"video a", features.packed.string(), other.string()}, [&] {
    FeatureSet(std::vector{features.packed, other}, kIds);
  });
}

}  // namespace
}  // namespace co2net
