#include "pipeline/base/inputs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Paths = std::vector<fs::path>;

class ExpandInputs : public testing::Test {
 protected:
  fs::path make(const std::string& name) {
    write_file(dir_.path() / name, "x");
    return dir_.path() / name;
  }

  static Paths expand(const std::vector<std::string>& arguments, const std::string& input = "",
                      bool nul_separated = false) {
    std::istringstream stream(input);
    return expand_inputs(arguments, {".mp4", ".avi"}, stream, nul_separated);
  }

  TempDir dir_;
};

TEST_F(ExpandInputs, TakesNamedFilesAsTheyAreInOrderEvenIfAbsent) {
  const fs::path text = make("b.txt"), video = make("a.mp4");
  EXPECT_EQ(expand({text, video, "/absent.mp4"}), (Paths{text, video, "/absent.mp4"}));
  const std::string long_name(300, 'n');
  EXPECT_EQ(expand({long_name, video}), (Paths{long_name, video}));
}

TEST_F(ExpandInputs, FindsVideosInFoldersBySuffixSortedAndSkipsHiddenOnes) {
  const fs::path b = make("b.mp4"), a = make("sub/deep/a.MP4"), c = make("sub/c.avi");
  for (const char* name : {"notes.txt", ".hidden.mp4", ".git/x.mp4", "mp4", "x.mp4.part"}) {
    make(name);
  }
  fs::create_directory(dir_.path() / "folder.mp4");
  EXPECT_EQ(expand({dir_.path()}), (Paths{b, c, a}));
}

TEST_F(ExpandInputs, FindsEachVideoOnceWhereLinksGoInCircles) {
  const fs::path video = make("sub/a.mp4");
  fs::create_directory_symlink("..", dir_.path() / "sub" / "up");
  fs::create_directory_symlink("itself", dir_.path() / "itself");
  EXPECT_EQ(expand({dir_.path()}), Paths{video});
}

TEST_F(ExpandInputs, NamesALinkThatLeadsNowhereSoThatItFailsAloud) {
  const fs::path link = dir_.path() / "dangling.mp4";
  fs::create_symlink("nowhere", link);
  EXPECT_EQ(expand({dir_.path()}), Paths{link});
}

TEST_F(ExpandInputs, FollowsLinksToFoldersElsewhere) {
  const TempDir elsewhere;
  write_file(elsewhere.path() / "a.mp4", "x");
  fs::create_directory_symlink(elsewhere.path(), dir_.path() / "link");
  EXPECT_EQ(expand({dir_.path()}), Paths{dir_.path() / "link" / "a.mp4"});
}

TEST_F(ExpandInputs, ReadsListsAndStandardInput) {
  const fs::path a = make("a.mp4"), b = make("folder/b.mp4");
  const std::string lines = a.string() + "\r\n\n" + (dir_.path() / "folder").string();
  write_file(dir_.path() / "list.txt", lines);
  EXPECT_EQ(expand({"@" + (dir_.path() / "list.txt").string()}), (Paths{a, b}));
  EXPECT_EQ(expand({"-"}, lines), (Paths{a, b}));
}

TEST_F(ExpandInputs, ReadsListsThatOtherSystemsWrote) {
  const std::string marked = "\xEF\xBB\xBF/a.mp4\r\n/b.mp4 \r\n \t\r\n/c.mp4";
  EXPECT_EQ(expand({"-"}, marked), (Paths{"/a.mp4", "/b.mp4", "/c.mp4"}));
  EXPECT_EQ(expand({"-"}, "/a.mp4\r/b.mp4\r"), (Paths{"/a.mp4", "/b.mp4"}));
  write_file(dir_.path() / "list.txt", marked);
  EXPECT_EQ(expand({"@" + (dir_.path() / "list.txt").string()}).front(), "/a.mp4");
}

TEST_F(ExpandInputs, KeepsBlanksAtTheEndOfALineWhereAFileIsCalledSo) {
  const fs::path odd = make("odd.mp4 ");
  EXPECT_EQ(expand({"-"}, odd.string() + "\n"), Paths{odd});
}

TEST_F(ExpandInputs, NamesAListThatIsNotUtf8) {
  const std::string wide("\xFF\xFE/\0a\0\n\0", 8);
  test::expect_error(ErrorKind::kUsage, {"standard input", "UTF-16"}, [&] { expand({"-"}, wide); });
  const fs::path list = dir_.path() / "list.txt";
  write_file(list, wide);
  test::expect_error(ErrorKind::kUsage, {list, "UTF-16"}, [&] { expand({"@" + list.string()}); });
  test::expect_error(ErrorKind::kUsage, {dir_.path()},
                     [&] { expand({"@" + dir_.path().string()}); });
}

TEST_F(ExpandInputs, TellsAForeignListByItsBeginningOnly) {
  const Paths odd = {"/a.mp4", "HTTP/1.1 404 x.mp4", "<html>.mp4", "/annex/objects/a.mp4"};
  std::string lines;
  for (const fs::path& path : odd) lines += path.string() + "\n";
  EXPECT_EQ(expand({"-"}, lines), odd);
  test::expect_error(ErrorKind::kUsage, {"standard input", "a web page"},
                     [&] { expand({"-"}, "<html>\n/a.mp4\n"); });
}

TEST_F(ExpandInputs, SaysHowAListIsGivenWhoseNamesEndWithNul) {
  const std::string paths("a.mp4\0b.mp4\0", 12);
  test::expect_error(ErrorKind::kUsage, {"standard input", "-0"}, [&] { expand({"-"}, paths); });
}

TEST_F(ExpandInputs, KeepsLineFeedsInPathsThatNulSeparates) {
  const std::string paths("a\nb.mp4\0c.mp4\r\0", 15);
  EXPECT_EQ(expand({"-"}, paths, true), (Paths{"a\nb.mp4", "c.mp4\r"}));
}

TEST_F(ExpandInputs, CountsAFileNamedTwiceOnce) {
  const fs::path a = make("a.mp4"), b = make("b.mp4");
  const fs::path detour = dir_.path() / "sub" / ".." / "a.mp4";
  EXPECT_EQ(expand({a, detour, dir_.path(), a}), (Paths{a, b}));
}

TEST_F(ExpandInputs, NamesTheListThatCannotBeRead) {
  test::expect_error(ErrorKind::kUsage, {"/no/list", "./@/no/list"},
                     [&] { expand({"@/no/list"}); });
}

TEST_F(ExpandInputs, SaysHowAFileWhoseNameBeginsLikeAListIsGiven) {
  const fs::path before = fs::current_path();
  fs::current_path(dir_.path());
  make("@odd.mp4");
  make("odd.mp4");
  for (const std::string name : {"@odd.mp4", "@other.webm"}) {
    test::expect_error(ErrorKind::kUsage, {"./" + name}, [&] { expand({name}); });
  }
  EXPECT_EQ(expand({"./@odd.mp4"}), Paths{"./@odd.mp4"});
  EXPECT_EQ(files_at({"@odd.mp4"}, {".mp4"}), Paths{"@odd.mp4"});
  fs::current_path(before);
}

std::vector<std::string> ids(const Paths& paths) {
  std::vector<std::string> result;
  for (const Input& input : with_ids(paths)) result.push_back(input.id);
  return result;
}

using Ids = std::vector<std::string>;

TEST(WithIds, AreFileNamesWithoutSuffix) {
  EXPECT_EQ(ids({}), Ids());
  EXPECT_EQ(ids({"/v/a.mp4", "/w/b.c.mkv", "d"}), (Ids{"a", "b.c", "d"}));
}

TEST(WithIds, AreRelativePathsWithSuffixForThoseThatCollideOnly) {
  EXPECT_EQ(ids({"/v/x/a.mp4", "/v/y/a.mp4", "/v/b.mp4"}), (Ids{"x/a.mp4", "y/a.mp4", "b"}));
  EXPECT_EQ(ids({"/v/a.mp4", "/v/a.avi"}), (Ids{"a.mp4", "a.avi"}));
}

TEST(WithIds, AreDistinctEvenIfARelativePathIsAnothersStem) {
  EXPECT_EQ(ids({"/v/a.mp4", "/v/a.avi", "/v/a.mp4.mkv"}), (Ids{"a.mp4", "a.avi", "a.mp4.mkv"}));
}

TEST(WithIds, NameFilesThatAreSeenAndLieInTheirFolder) {
  EXPECT_EQ(ids({"/v/...mp4"}), Ids{"_.."});
  EXPECT_EQ(ids({"/v/..mp4"}), Ids{"_."});
  EXPECT_EQ(ids({"/v/.hidden.mp4", "/v/.mp4"}), (Ids{"_.hidden", "_.mp4"}));
  EXPECT_EQ(ids({"/v/a/"}), Ids{"_"}) << "a path that ends as one of a folder";
  EXPECT_EQ(ids({"/v/_a.mp4", "/v/_.mp4"}), (Ids{"_a", "_"})) << "as before";
}

TEST(WithIds, AreDistinctAlsoWhereUnderscoresWereAdded) {
  EXPECT_EQ(ids({"/v/.a.mp4", "/v/_.a.mp4", "/v/__.a.mp4"}), (Ids{"_.a", "__.a", "___.a"}));
  EXPECT_EQ(ids({"/v/.x/a.mp4", "/v/_.x/a.mp4"}), (Ids{"_.x/a.mp4", "__.x/a.mp4"}));
}

TEST(WithIds, KeepsAnIdOutOfTheFolderOfAnother) {
  const std::vector<Input> inputs = with_ids({"in/sub.mp4", "in/sub/x.mp4", "in/other/x.mp4"});
  EXPECT_EQ(inputs[0].id, "sub.mp4");
  EXPECT_EQ(inputs[1].id, "sub/x.mp4");
  EXPECT_EQ(inputs[2].id, "other/x.mp4");
}

TEST(WithIds, TurnsNamesThatAreNotUtf8IntoDifferentIdsThatAre) {
  const std::vector<Input> inputs = with_ids({"a\xff.mp4", "a\xfe.mp4", "\xc3\xa4.mp4"});
  EXPECT_EQ(inputs[0].id, "a%FF");
  EXPECT_EQ(inputs[1].id, "a%FE");
  EXPECT_EQ(inputs[2].id, "\xc3\xa4");
}

}  // namespace
}  // namespace co2net
