#include <gtest/gtest.h>

#include "pipeline/formats/npy.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

using namespace std::string_literals;

class Inspect : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& bytes) const {
    const fs::path path = dir_.path() / name;
    write_file(path, bytes);
    return path.string();
  }
  // What is said about one file, below its first line.
  std::string listing(const std::string& pickle) const {
    const Outcome outcome = co2net({"inspect", file("a.pkl", pickle)});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out.substr(outcome.out.find('\n') + 1);
  }

 private:
  TempDir dir_;
};

TEST_F(Inspect, ListsNamesTypesAndShapesOfEachFile) {
  const std::string one = file("one.npy", format_npy(Array({3, 4})));
  const std::string two =
      file("two.npz", format_npz({{"attn", Array({7})}, {"cas", Array({7, 21})}}));
  const Outcome outcome = co2net({"inspect", one, two});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "# " + one + ": numpy array\n.\tfloat32\t[3, 4]\n# " + two +
                             ": numpy arrays\nattn\tfloat32\t[7]\ncas\tfloat32\t[7, 21]\n");
}

TEST_F(Inspect, ShowsPlainValuesInALineAndGoesIntoDictionaries) {
  // {'epoch': 3, 'best': 1.5, 'done': True, 'note': None, 'labels': ['a', 'b'], 'opt': {0: {}}}
  EXPECT_EQ(
      listing("}(U\5epochK\3U\4bestF1.5\nU\4done\x88U\4noteNU\6labels(U\1aU\1blU\3opt}K\0}su."s),
      "epoch\tint\t3\nbest\tfloat\t1.5\ndone\tbool\tTrue\nnote\tNone\tNone\n"
      "labels\tlist\t[\"a\", \"b\"]\nopt[0]\tdict\tempty\n");
}

TEST_F(Inspect, NamesWhatIsOfUnknownClassesAndRunsNothing) {
  // {'args': argparse.Namespace(lr=1), 'run': os.system('touch ...'), 'keys': [os.system]}
  const std::string mark = file("mark", "");
  EXPECT_EQ(
      listing("}(U\4argscargparse\nNamespace\n)\x81}U\2lrK\1sbU\3runcos\nsystem\n(S'echo run > " +
              mark + "'\ntRU\4keys(cos\nsystem\nlu."),
      "args\topaque\targparse.Namespace\nrun\topaque\tos.system\nkeys\tlist\t[os.system]\n");
  EXPECT_EQ(read_file(mark), "");
}

TEST_F(Inspect, ListsSafetensors) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"w":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}})";
  const std::string path = file(
      "w.safetensors", static_cast<char>(header.size()) + std::string(7, '\0') + header + "ab");
  EXPECT_EQ(co2net({"inspect", path}).out,
            "# " + path + ": safetensors\n__metadata__.format\ttext\t\"pt\"\nw\tbfloat16\t[1]\n");
  EXPECT_EQ(co2net({"inspect", fs::path(path).parent_path()}).code, 0);
}

TEST_F(Inspect, CutsLongValuesShort) {
  std::string list = "(";
  for (int i = 0; i < 1000; ++i) list += "K\1";
  const std::string line = listing(list + "l.");
  EXPECT_EQ(line.substr(0, 16), ".\tlist\t[1, 1, 1,");
  EXPECT_TRUE(line.ends_with("...\n"));
  EXPECT_LT(line.size(), 100u);
}

TEST_F(Inspect, ListsSharedAndCyclicValuesOnce) {
  // a = {}; a['self'] = a; [a, a]
  EXPECT_EQ(listing("(}q\0U\4selfh\0sh\0l."s),
            "[0].self\tshared\tthe same as [0]\n[1]\tshared\tthe same as [0]\n");
}

TEST_F(Inspect, StopsInDeepNesting) {
  std::string pickle(1000, ']');
  pickle += "}" + std::string(1000, 'a') + ".";
  EXPECT_NE(listing(pickle).find("\tnested\tmore than 100 levels; not listed\n"),
            std::string::npos);
}

TEST_F(Inspect, CutsTheMiddleOutOfLongPaths) {
  std::string pickle = "}U\3topK\1s.";
  for (int level = 0; level < 90; ++level) {
    pickle.pop_back();
    pickle = "}U\x64" + std::string(100, 'k') + pickle + "s.";
  }
  const std::string line = listing(pickle);
  EXPECT_TRUE(line.starts_with("kkkk")) << line;
  EXPECT_TRUE(line.ends_with("kkkk.top\tint\t1\n")) << line;
  EXPECT_NE(line.find("kkk...kkk"), std::string::npos) << line;
  EXPECT_LT(line.size(), 400u);
}

TEST_F(Inspect, SaysNothingBesideItsListing) {
  const Outcome outcome = co2net({"inspect", file("one.npy", format_npy(Array({3})))});
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Inspect, SaysOnceWhichFileItCannotRead) {
  const std::string path = file("classes.pkl", "{\"classes\": []}");
  const Outcome outcome = co2net({"inspect", path});
  EXPECT_TRUE(outcome.says("text, which begins with")) << outcome.err;
  EXPECT_EQ(outcome.err.find(path), outcome.err.rfind(path)) << outcome.err;
}

TEST_F(Inspect, LetsNoNameMoveTheCursor) {
  EXPECT_EQ(listing("}U\5\x1b[2J\nK\1s."s), "\\u001b[2J\\n\tint\t1\n");
}

TEST_F(Inspect, GoesOnAfterAFileThatItCannotRead) {
  const std::string good = file("good.npy", format_npy(Array({3})));
  const Outcome outcome = co2net({"inspect", file("bad.pkl", "~"), "/nonexistent/a.pt", good});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says(".safetensors, pickle or torch checkpoint file")) << outcome.err;
  EXPECT_TRUE(outcome.says("/nonexistent/a.pt")) << outcome.err;
  EXPECT_EQ(outcome.out, "# " + good + ": numpy array\n.\tfloat32\t[3]\n");
}

TEST_F(Inspect, ReadsThePublishedFiles) {
  const fs::path checkpoint = data_dir() / "checkpoints" / "cmcs_thumos14_rgb.pkl";
  const fs::path annotations = data_dir() / "annotations" / "Thumos14reduced-Annotations";
  SKIP_WITHOUT(checkpoint);
  SKIP_WITHOUT(annotations);
  const Outcome outcome = co2net({"inspect", checkpoint, annotations});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("\natt_head.weight\tfloat32\t[1, 16]\n"), std::string::npos);
  EXPECT_NE(outcome.out.find("\n[411]\tlist\t"), std::string::npos);
  EXPECT_NE(outcome.out.find("videoname.npy: numpy array\n.\tS24\t[412]\n"), std::string::npos);
}

}  // namespace
}  // namespace co2net::test
