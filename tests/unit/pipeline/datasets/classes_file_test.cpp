#include "pipeline/datasets/classes_file.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "pipeline/datasets/annotations.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

class ReadClasses : public testing::Test {
 protected:
  Strings read(const std::string& text) const {
    write_file(path_, text);
    return read_classes(path_);
  }
  static Annotations annotations() {
    Annotations annotations;
    annotations.classes = {"wave", "bow"};
    annotations.videos = {{.id = "a",
                           .subset = "test",
                           .labels = {"bow", "wave"},
                           .segments = {{"bow", 0, 1}, {"wave", 2, 3}}}};
    return annotations;
  }

  TempDir dir_;
  fs::path path_ = dir_.path() / "classes";
};

TEST_F(ReadClasses, AreALabelALineOfAnySystemsText) {
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "bow\r\n\r\n long jump \t\r\n"),
            (Strings{"bow", "long jump"}));
  EXPECT_EQ(read("bow\rwave"), (Strings{"bow", "wave"}));
}

TEST_F(ReadClasses, AreThoseOfAnnotationsInTheirOrder) {
  write_annotations(annotations(), path_, AnnotationFormat::kWtalc);
  EXPECT_EQ(read_classes(path_), (Strings{"wave", "bow"}));
  EXPECT_EQ(read_classes(path_ / "classlist.npy"), (Strings{"wave", "bow"}));
  for (const char* other : {"segments.npy", "labels.npy", "labels_all.npy"}) {
    fs::remove(path_ / other);
  }
  EXPECT_EQ(read_classes(path_), (Strings{"wave", "bow"})) << "the list alone is needed";

  const fs::path json = dir_.path() / "json";
  write_annotations(annotations(), json, AnnotationFormat::kActivityNet);
  EXPECT_EQ(read_classes(json), (Strings{"wave", "bow"}));
  const fs::path text = dir_.path() / "text";
  write_annotations(annotations(), text, AnnotationFormat::kThumos);
  EXPECT_EQ(read_classes(text), (Strings{"bow", "wave"})) << "a file a class, by name";
}

TEST_F(ReadClasses, NameWhatCannotBeAList) {
  const auto fails = [&](const std::string& text, const std::string& words) {
    test::expect_error(ErrorKind::kInput, {path_, words}, [&] { read(text); });
  };
  fails("bow\nbow\n", "'bow' is there twice");
  fails("bow\nw\xE4ve\n", "label 2 is not UTF-8");
  fails(" \n", "no labels");
  fails(std::string("\xFF\xFE"
                    "b\0",
                    4),
        "UTF-16");
  fails("{\"classes\": [\"bow\"]}", "database");
  fs::remove(path_);
  fs::create_directory(path_);
  test::expect_error(ErrorKind::kInput, {path_, "no annotations"}, [&] { read_classes(path_); });
}

}  // namespace
}  // namespace co2net
