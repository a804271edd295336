#include "pipeline/formats/npy.h"

#include <gtest/gtest.h>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

Array numbered(const Shape& shape) {
  Array array(shape);
  for (std::size_t i = 0; i < array.values.size(); ++i) array.values[i] = static_cast<float>(i);
  return array;
}

std::string npy_of(const std::string& header, const std::string& data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + data;
}

std::string message_of(const std::string& bytes) {
  try {
    parse_npy(bytes, "x.npy");
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Npy, ReadsBackWhatItWrote) {
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{3}, Shape{2, 3}, Shape{2, 0, 4}}) {
    const Array array = numbered(shape);
    EXPECT_EQ(parse_npy(format_npy(array), "x"), array) << to_string(shape);
  }
}

TEST(Npy, StartsTheDataAtAMultipleOf64Bytes) {
  for (int columns = 1; columns < 200000; columns *= 7) {
    const Array array = numbered({1, columns});
    EXPECT_EQ((format_npy(array).size() - array.values.size() * 4) % 64, 0u);
  }
}

TEST(Npy, TurnsFortranOrderIntoCOrder) {
  const std::string data("\0\1\2\3\4\5", 6);  // columns of a 2 x 3 array
  const Array array =
      parse_npy(npy_of("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", data), "x");
  EXPECT_EQ(array, Array({2, 3}, {0, 2, 4, 1, 3, 5}));
}

TEST(Npy, ReadsBigEndianHalfDoubleAndIntegers) {
  const auto read = [](const std::string& descr, const std::string& data) {
    return parse_npy(
               npy_of("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (1,), }", data),
               "x")
        .values.at(0);
  };
  EXPECT_EQ(read(">f4", std::string("\x3f\xc0\0\0", 4)), 1.5f);
  EXPECT_EQ(read("<f8", std::string("\0\0\0\0\0\0\xf8\x3f", 8)), 1.5f);
  EXPECT_EQ(read("<f2", std::string("\0\x3e", 2)), 1.5f);
  EXPECT_EQ(read("<f2", std::string("\1\0", 2)), 0x1p-24f);
  EXPECT_EQ(read("<i2", std::string("\xfe\xff", 2)), -2.f);
}

TEST(Npy, NamesTheFileAndTheDefect) {
  EXPECT_EQ(message_of("junk"), "x.npy: not a .npy file; download or copy the file again");
  EXPECT_NE(message_of(npy_of("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "x"))
                .find("Python objects"),
            std::string::npos);
  EXPECT_NE(message_of(npy_of("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }", "x"))
                .find("[9] needs 9 x 4 bytes, the file has 1"),
            std::string::npos);
}

TEST(Npy, RefusesHugeShapesWithoutTakingMemory) {
  EXPECT_NE(message_of(npy_of("{'descr': '<f4', 'fortran_order': False, 'shape': "
                              "(999999999999, 999999999999, 9), }",
                              "x"))
                .find("too large"),
            std::string::npos);
  EXPECT_NE(message_of(npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': "
                              "(999999999999999999,), }",
                              "x"))
                .find("needs 999999999999999999 x 8 bytes, the file has 1"),
            std::string::npos);
}

TEST(Npy, RefusesAHeaderThatIsLargerThanTheFile) {
  for (const char version : {'\1', '\2', '\3'}) {
    const std::string header = std::string("\x93NUMPY") + version + '\0' + "\xff\xff\xff\xff{}";
    EXPECT_NE(message_of(header).find("truncated .npy header"), std::string::npos);
  }
}

TEST(Npy, RefusesEveryTruncation) {
  const std::string whole = format_npy(numbered({4, 5}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(parse_npy(whole.substr(0, size), "x"), Error) << size;
  }
}

TEST(Npz, ReadsBackWhatItWroteAndEqualArraysGiveEqualBytes) {
  const Arrays arrays{{"attn", numbered({7})}, {"cas", numbered({7, 21})}};
  const std::string bytes = format_npz(arrays);
  EXPECT_EQ(parse_npz(bytes, "x"), arrays);
  EXPECT_EQ(format_npz(arrays), bytes);
}

TEST(Npz, IsReadByNumpy) {
  TempDir dir;
  write_file(dir.path() / "a.npz", format_npz({{"x", numbered({2, 3})}}));
  EXPECT_EQ(test::run_shell("/usr/bin/python3 -c 'import numpy, sys\n"
                            "print(numpy.load(sys.argv[1])[\"x\"].sum())' " +
                            test::shell_quoted(dir.path() / "a.npz")),
            "15.0\n");
}

TEST(Npz, RefusesWhatIsNotAnArchive) {
  EXPECT_THROW(parse_npz("PK nonsense", "x"), Error);
  std::string bytes = format_npz({{"x", numbered({100})}});
  EXPECT_THROW(parse_npz(bytes.substr(0, bytes.size() / 2), "x"), Error);
}

TEST(Npz, AndNpySayWhatCameInTheFilesPlace) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
  for (const auto& [bytes, words] : {std::pair(pointer, "x: a Git LFS pointer"),
                                     {"<html>", "x: a web page"},
                                     {"", "x: empty"}}) {
    test::expect_error(ErrorKind::kInput, {words}, [&] { parse_npy_header(bytes, "x"); });
    test::expect_error(ErrorKind::kInput, {words}, [&] { parse_npy(bytes, "x"); });
    test::expect_error(ErrorKind::kInput, {words}, [&] { parse_npz(bytes, "x"); });
  }
}

TEST(Npz, ReadsDeflatedArchives) {
  const auto golden = std::filesystem::path(CO2NET_GOLDEN_COPY) / "proposals.npz";
  EXPECT_EQ(read_npz(golden).at("video_test_0000004/cas").shape, (Shape{52, 21}));
}

}  // namespace
}  // namespace co2net
