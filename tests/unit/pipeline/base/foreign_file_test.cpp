#include "pipeline/base/foreign_file.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using namespace std::string_literals;

// Whether both functions know the kind, and by these words.
void expect_foreign(const std::string& bytes, const std::string& words) {
  for (const auto& kind : {foreign_kind(bytes), foreign_to_binary(bytes, "x")}) {
    EXPECT_NE(kind.value_or("nothing known").find(words), std::string::npos)
        << testing::PrintToString(bytes) << ": " << kind.value_or("nothing known");
  }
}

void expect_foreign_to_binary(const std::string& bytes, const std::string& words,
                              const std::string& name = "x") {
  EXPECT_EQ(foreign_kind(bytes), std::nullopt) << testing::PrintToString(bytes);
  const std::string kind = foreign_to_binary(bytes, name).value_or("nothing known");
  EXPECT_NE(kind.find(words), std::string::npos) << testing::PrintToString(bytes) << ": " << kind;
}

TEST(ForeignFile, KnowsPointersAndSaysHowToGetTheFile) {
  expect_foreign("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
                 "a Git LFS pointer, not the file itself; run 'git lfs pull'");
  expect_foreign("/annex/objects/SHA256E-s5--00.pt\n", "run 'git annex get'");
  expect_foreign("outs:\n- md5: 00\n  path: model.pt\n", "run 'dvc pull'");
}

TEST(ForeignFile, KnowsWebPagesHoweverTheyBegin) {
  for (const std::string page :
       {"<!DOCTYPE html><html></html>", "<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">",
        "\xef\xbb\xbf<html lang='en'>", " \r\n\t<HTML>", "<head><title>Sign in</title>",
        "<!-- saved from url -->\n<!-- again --> <!DOCTYPE html>", "<!-- <?xml never ends",
        "<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN'>",
        "<meta http-equiv='refresh' content='0'>", "<script>location='/'</script>",
        "<h1>403 Forbidden</h1>", "<p class='error'>Gone</p>", "<noscript>",
        "<center>nginx</center>", "<body bgcolor=white>"}) {
    expect_foreign(page, "a web page, not the file itself");
  }
}

TEST(ForeignFile, KnowsWhatServersAnswerInTheFilesPlace) {
  expect_foreign("<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>", "XML");
  expect_foreign("\n<Error><Code>AccessDenied</Code></Error>", "XML");
  expect_foreign("HTTP/1.1 404 Not Found\r\n\r\n", "a web server's answer");
  expect_foreign("HTTP/2 200\r\n", "a web server's answer");
  EXPECT_EQ(foreign_kind("HTTP/1.1 explained.mp4\n"), std::nullopt);
  EXPECT_EQ(foreign_kind("HTTP/1.1 20"), std::nullopt);
  expect_foreign_to_binary("404: Not Found", "text, which begins with \"404: Not Found\"");
  expect_foreign_to_binary("\xef\xbb\xbfInvalid username or password.\nTry", "password.\";");
  expect_foreign_to_binary("{\"message\":\"Not-Found\"}", "begins with \"{\\\"message\\\"");
  expect_foreign_to_binary("\n[\"an\",\"array\"]", "begins with \"[\\\"an");
  expect_foreign_to_binary("Quota " + std::string(100, 'x'),
                           "begins with \"Quota " + std::string(54, 'x') + "...\"");
}

TEST(ForeignFile, KnowsCompressedFilesAndNamesTheProgramThatUnpacks) {
  expect_foreign("\x1f\x8b\x08\0"s, "'gunzip'");
  expect_foreign("\x1f\x9d\x90", "'gunzip'");
  expect_foreign("BZh91AY&SY\0"s, "'bunzip2'");
  expect_foreign(
      "\xfd"
      "7zXZ\0\0"s,
      "'unxz'");
  expect_foreign("\x28\xb5\x2f\xfd\x04", "'unzstd'");
  expect_foreign("\x04\x22\x4d\x18\x64", "'unlz4'");
  expect_foreign("7z\xbc\xaf\x27\x1c\0\4"s, "'7z x'");
  expect_foreign("Rar!\x1a\x07\x01", "'unrar x'");
  expect_foreign("model.pt" + std::string(249, '\0') + "ustar\0"s, "'tar -xf'");
}

TEST(ForeignFile, KnowsOtherProgramsFiles) {
  expect_foreign("\x89HDF\r\n\x1a\n\0"s, "HDF5");
  expect_foreign("MATLAB 5.0 MAT-file, Platform: GLNXA64", "MATLAB");
  expect_foreign("model_checkpoint_path: \"model.ckpt\"\n", "TensorFlow");
  expect_foreign("\x1c\0\0\0TFL3"s, "TensorFlow");
  EXPECT_EQ(foreign_kind("abc/TFL3.mp4"), std::nullopt);
  expect_foreign_to_binary("\0\0\6layer1\x57\xfb\x80\x8b\x24\x75\x47\xdb"s, "TensorFlow");
  expect_foreign_to_binary("\x11\x22\x33\x44", "TensorFlow", "model.ckpt.data-00000-of-00001");
  expect_foreign_to_binary("\x08\x01\x12\xff\x90\x01\x0a", "TensorFlow");
  expect_foreign_to_binary("\x08\x07\x12\x07pytorch\x1a", "ONNX");
  expect_foreign_to_binary("\x08\x0a\x3a\x80\x01", "ONNX");
}

TEST(ForeignFile, KnowsFrozenNetworksAndDocuments) {
  expect_foreign_to_binary("\x0a\x2c\x0a\x05input\x12\x0bPlaceholder*\x0b"s, "TensorFlow");
  expect_foreign_to_binary(
      "\x0a\x2c\x0a\x01w\x12\x05"
      "Const*\x0b"s,
      "TensorFlow");
  expect_foreign("GGUF\3\0\0\0"s, "llama.cpp");
  expect_foreign("\x89PNG\r\n\x1a\n"s, "an image");
  expect_foreign("\xff\xd8\xff\xe0"s, "an image");
  expect_foreign("%PDF-1.5\n", "a PDF");
}

TEST(ForeignFile, KnowsAPointerBehindWhatAnEditorPutBeforeIt) {
  expect_foreign("\xef\xbb\xbf\nversion https://git-lfs.github.com/spec/v1\n", "Git LFS");
}

TEST(ForeignFile, KnowsWhatATextIsNot) {
  for (const auto& [bytes, words] : {std::pair("PK\3\4\0"s, "a zip archive"),
                                     {"\x93NUMPY\1\0"s, "an array of numpy"},
                                     {"\x80\4\x95\0"s, "a pickle"},
                                     {"\0\0\0 ftypisom"s, "a video"},
                                     {"RIFF\0"s, "a video"},
                                     {"\x08\7\x12\7pytorch\0"s, "ONNX"},
                                     {"a\0b\0"s, "UTF-16"},
                                     {"\xff\xfe\0\0"s, "UTF-32"},
                                     {"<html>"s, "a web page"}}) {
    EXPECT_NE(foreign_to_text(bytes).value_or("nothing known").find(words), std::string::npos)
        << words;
  }
  EXPECT_EQ(foreign_to_text("RIFF, a text\n"), std::nullopt);
}

TEST(ForeignFile, KnowsWhatIsLeftOfDownloads) {
  EXPECT_EQ(foreign_kind(""), std::nullopt);  // a text may be empty
  expect_foreign_to_binary("", "empty; download or copy it again");
  expect_foreign_to_binary(std::string(4096, '\0'), "filled with zeros");
}

TEST(ForeignFile, KnowsTextInUtf16) {
  expect_foreign("\xff\xfe{\0}\0"s, "text in UTF-16; save it as UTF-8");
  expect_foreign("\xfe\xff\0{\0}"s, "text in UTF-16; save it as UTF-8");
}

TEST(ForeignFile, SaysNothingOfTextThatIsRead) {
  for (const std::string text :
       {"{\"database\": {}}", "\xef\xbb\xbf[1]", "video,label\na.mp4,<b>run</b>\n", "v 0.5 1.5\n",
        "<background>\njump\n", "version\n", "HTTP\n", "7z\n", "a.mp4\n"}) {
    EXPECT_EQ(foreign_kind(text), std::nullopt) << text;
  }
}

TEST(ForeignFile, TakesNeitherPicklesNorMediaForTextOrAnythingElse) {
  for (const std::string& bytes :
       {"(dp0\nVepoch of training\np1\nI3\ns."s, "cnumpy.core.multiarray\n_reconstruct\n"s,
        "\x80\x04\x95 "s, "\x93NUMPY\x01\0v\0"s, "PK\3\4 "s, "\0\0\0 ftypisom"s,
        "\x1a\x45\xdf\xa3 matroska"s, "RIFF\x24\1\0\0AVI LIST"s, "\x08\0\0\0\0\0\0\0{}"s,
        std::string(511, '\0')}) {
    EXPECT_EQ(foreign_kind(bytes), std::nullopt) << testing::PrintToString(bytes);
    EXPECT_EQ(foreign_to_binary(bytes, "x"), std::nullopt) << testing::PrintToString(bytes);
  }
}

TEST(ForeignFile, LooksIntoFilesThatCanBeRead) {
  const TempDir dir;
  const auto page = dir.path() / "page.mp4";
  write_file(page, "<html>" + std::string(1 << 17, ' '));
  EXPECT_NE(foreign_to_binary(page), std::nullopt);
  EXPECT_EQ(foreign_to_binary(dir.path()), std::nullopt);
  EXPECT_EQ(foreign_to_binary(dir.path() / "absent.mp4"), std::nullopt);
}

TEST(ForeignFile, ReplacesTheReadersWordsOnlyWhereItKnowsMore) {
  const auto fail = [](ErrorKind kind) { return [=] { throw Error(kind, "x: not mine"); }; };
  test::expect_error(ErrorKind::kInput, {"x: a web page"},
                     [&] { naming_foreign("<html>", "x", fail(ErrorKind::kInput)); });
  test::expect_error(ErrorKind::kInput, {"x: not mine"},
                     [&] { naming_foreign("\1\2", "x", fail(ErrorKind::kInput)); });
  test::expect_error(ErrorKind::kIo, {"x: not mine"},
                     [&] { naming_foreign("<html>", "x", fail(ErrorKind::kIo)); });
  EXPECT_EQ(naming_foreign("<html>", "x", [] { return 5; }), 5);
}

}  // namespace
}  // namespace co2net
