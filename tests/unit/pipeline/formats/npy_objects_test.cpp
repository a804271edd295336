#include "pipeline/formats/npy_objects.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "pipeline/formats/python_file.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

void write_one_of_each(const std::filesystem::path& path) {
  ObjectNpyWriter writer(path, 4);
  writer.add(Array({2, 3}, {0, 1.5f, -2, 3, 4, 5}));
  writer.add(Array({0, 3}));
  writer.add(Strings{"Bow", "J\xc3\xbcmp", ""});
  writer.add(std::vector<ObjectNpyWriter::Pair>{{0.1, 2}, {1e300, -3}});
  writer.finish();
}

TEST(NpyObjects, AreReadBackAsTheyWereWritten) {
  const TempDir dir;
  write_one_of_each(dir.path() / "x.npy");
  const PythonFile file(dir.path() / "x.npy");
  const auto& array = std::get<PythonValue::ObjectArray>(file.root().value);
  EXPECT_EQ(array.shape, Shape{4});
  EXPECT_EQ(to_float32(std::get<RawArray>(array.items.at(0)->value), "x"),
            Array({2, 3}, {0, 1.5f, -2, 3, 4, 5}));
  EXPECT_EQ(std::get<RawArray>(array.items.at(1)->value).shape, (Shape{0, 3}));
  const auto& texts = std::get<PythonValue::Sequence>(array.items.at(2)->value).items;
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_EQ(std::get<std::string_view>(texts[1]->value), "J\xc3\xbcmp");
  const auto& pairs = std::get<PythonValue::Sequence>(array.items.at(3)->value).items;
  ASSERT_EQ(pairs.size(), 2u);
  const auto& second = std::get<PythonValue::Sequence>(pairs[1]->value).items;
  EXPECT_EQ(std::get<double>(second.at(0)->value), 1e300);
}

TEST(NpyObjects, AreReadByNumpy) {
  const TempDir dir;
  write_one_of_each(dir.path() / "x.npy");
  EXPECT_EQ(test::run_shell("/usr/bin/python3 -c 'import numpy, sys\n"
                            "x = numpy.load(sys.argv[1], allow_pickle=True)\n"
                            "print(x.shape, x.dtype, x[0].dtype, x[0].tolist(), x[1].shape)\n"
                            "print([ascii(text) for text in x[2]], x[3])' " +
                            test::shell_quoted(dir.path() / "x.npy")),
            "(4,) object float32 [[0.0, 1.5, -2.0], [3.0, 4.0, 5.0]] (0, 3)\n"
            "[\"'Bow'\", \"'J\\\\xfcmp'\", \"''\"] [[0.1, 2.0], [1e+300, -3.0]]\n");
}

TEST(NpyObjects, EqualElementsGiveEqualBytes) {
  const TempDir dir;
  write_one_of_each(dir.path() / "a.npy");
  write_one_of_each(dir.path() / "b.npy");
  EXPECT_EQ(read_file(dir.path() / "a.npy"), read_file(dir.path() / "b.npy"));
}

TEST(NpyObjects, AFileThatLacksElementsIsNotFinished) {
  const TempDir dir;
  ObjectNpyWriter writer(dir.path() / "x.npy", 2);
  writer.add(Strings{});
  test::expect_error(ErrorKind::kInternal, {"x.npy"}, [&] { writer.finish(); });
}

TEST(NpyObjects, NameTheFileThatCannotBeWritten) {
  test::expect_error(ErrorKind::kIo, {"/dev/full"}, [] {
    ObjectNpyWriter writer("/dev/full", 1);
    writer.add(Array({1000, 1000}));
    writer.finish();
  });
}

}  // namespace
}  // namespace co2net
