#include "pipeline/formats/state_dict.h"

#include <gtest/gtest.h>

#include <limits>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

// Pickles of protocol 0: "(d" starts a dictionary, "s" sets an item of it, "." ends the file.
constexpr const char* kNoDictionary = "I1\n.";
constexpr const char* kNumberAmongArrays = "(dVepoch\nI3\ns.";
constexpr const char* kNamelessArray = "(dI1\nI2\ns.";
constexpr const char* kWholeNetwork = "c__main__\nNetwork\n.";

class StateDictTest : public testing::Test {
 protected:
  std::filesystem::path file(std::string_view bytes) const {
    write_file(path_, bytes);
    return path_;
  }
  StateDict dictionary(const Arrays& arrays) const {
    return read_state_dict(file(format_npz(arrays)));
  }

  TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "network.pt";
};

ExpectedParameters expected(const std::map<std::string, Shape>& shapes) {
  return {"a network of ours", shapes, [](const std::string& name) { return "their_" + name; },
          [](const std::string& name) { return name.starts_with("extra"); }};
}

TEST_F(StateDictTest, LeavesOutWhatWrappersPutBeforeEveryName) {
  for (const std::string prefix :
       {"module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod.", "module.module.",
        "model.", "net.", "network.", "model.net._orig_mod.module._orig_mod."}) {
    const StateDict wrapped =
        dictionary({{prefix + "a.weight", Array({2})}, {prefix + "module.b", Array({3})}});
    ASSERT_EQ(wrapped.arrays.size(), 2u);
    EXPECT_EQ(wrapped.arrays.at("a.weight").shape, (Shape{2})) << prefix;
    EXPECT_EQ(wrapped.arrays.at("module.b").shape, (Shape{3})) << prefix;
  }
}

TEST_F(StateDictTest, LeavesOutHowManyNetworksAnAverageIsOf) {
  const StateDict averaged = dictionary({{"module.a", Array({2})}, {"n_averaged", Array({1})}});
  ASSERT_EQ(averaged.arrays.size(), 1u);
  EXPECT_TRUE(averaged.arrays.contains("a"));
}

TEST_F(StateDictTest, LeavesOutTheMarksOfPartsThatWereCompiled) {
  const StateDict parts =
      dictionary({{"a._orig_mod.b._orig_mod.c", Array({2})}, {"a_orig_mod.b", Array({3})}});
  EXPECT_TRUE(parts.arrays.contains("a.b.c"));
  EXPECT_TRUE(parts.arrays.contains("a_orig_mod.b"));
}

TEST_F(StateDictTest, KeepsNamesThatNotAllHaveOfAWrapper) {
  const StateDict mixed = dictionary({{"module.a", Array({2})}, {"b", Array({3})}});
  EXPECT_TRUE(mixed.arrays.contains("module.a"));
  EXPECT_TRUE(mixed.arrays.contains("b"));
}

TEST_F(StateDictTest, RefusesNamesThatBecomeOne) {
  test::expect_error(ErrorKind::kInput,
                     {path_.string() + ": _orig_mod.a and a are both a without wrappers"}, [&] {
                       dictionary({{"_orig_mod.a", Array({2})}, {"a", Array({2})}});
                     });
}

// A pickle of a dictionary from a text to what `value` pickles.
std::string pair(const std::string& key, const std::string& value) {
  return "(dV" + key + "\n" + value + "s";
}

// A pickled array of one byte.
const std::string kArray =
    "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1\nt"
    "cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\nS'a'\ntb";

TEST_F(StateDictTest, LooksIntoWhatTrainingScriptsWrapAroundIt) {
  const std::string inner = pair("inner", kArray);
  for (const std::string key :
       {"state_dict", "model_state_dict", "model_state", "model", "module", "network", "net"}) {
    const std::string beside = "VN\nI3\nsVargs\ncargparse\nNamespace\n)\x81(dVlr\nI1\nsbs";
    const StateDict found = read_state_dict(file(pair(key, inner) + beside + "."));
    EXPECT_EQ(found.arrays.size(), 1u) << key;
    EXPECT_TRUE(found.arrays.contains("inner")) << key;
  }
  EXPECT_TRUE(read_state_dict(file(pair("model", pair("state_dict", inner)) + "."))
                  .arrays.contains("inner"));
  EXPECT_TRUE(
      read_state_dict(file(pair("model", pair("width", "I1\n")) + "Vstate_dict\n" + inner + "s."))
          .arrays.contains("inner"));
}

TEST_F(StateDictTest, RefusesToChooseBetweenNetworks) {
  const std::string inner = pair("inner", kArray);
  test::expect_error(
      ErrorKind::kInput, {path_.string() + ": holds several networks, under model, state_dict;"},
      [&] { read_state_dict(file(pair("state_dict", inner) + "Vmodel\n" + inner + "s.")); });
}

TEST_F(StateDictTest, SurvivesADictionaryThatHoldsItself) {
  test::expect_error(ErrorKind::kInput, {"model is not a tensor but a dictionary"},
                     [&] { read_state_dict(file("(dp0\nVmodel\ng0\ns.")); });
}

TEST_F(StateDictTest, NamesTheUnknownClassThatTheParametersNeed) {
  for (const std::string& pickle :
       {pair("epoch", "I3\n") + "Vmodel\nc__main__\nNetwork\n)\x81s.",
        pair("state_dict", pair("a", kArray) + "Vb\nc__main__\nNetwork\n)\x81s") + "."}) {
    test::expect_error(
        ErrorKind::kInput,
        {path_.string(), "is not a tensor but __main__.Network, which is not read; want"},
        [&] { read_state_dict(file(pickle)); });
  }
}

TEST_F(StateDictTest, TakesASafetensorsFileWithItsMetadata) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  const StateDict given =
      read_state_dict(file(static_cast<char>(header.size()) + std::string(7, '\0') + header + "x"));
  EXPECT_EQ(given.arrays.size(), 1u);
  EXPECT_EQ(given.arrays.at("a").shape, (Shape{1}));
}

TEST_F(StateDictTest, SaysWhatAFileIsThatIsNoCheckpoint) {
  test::expect_error(ErrorKind::kInput, {path_.string() + ": a Git LFS pointer"}, [&] {
    read_state_dict(file("version https://git-lfs.github.com/spec/v1\n"));
  });
}

TEST_F(StateDictTest, NamesTheFileAndWhatIsWrongWithIt) {
  const auto expect = [&](const char* pickle, const std::string& defect) {
    test::expect_error(ErrorKind::kInput, {path_.string(), defect},
                       [&] { read_state_dict(file(pickle)); });
  };
  expect(kNoDictionary, "torch.save(network.state_dict(), FILE)");
  expect(kNumberAmongArrays, "epoch is not a tensor");
  expect(kNamelessArray, "a parameter's name is not text");
  expect(kWholeNetwork, "a pickle file of __main__.Network, which is not read");
  expect(kWholeNetwork, "torch.save(network.state_dict(), FILE)");
  test::expect_error(ErrorKind::kIo, {}, [&] { read_state_dict(dir_.path() / "absent.pt"); });
}

TEST_F(StateDictTest, GivesTheParametersByTheNamesUsedHere) {
  const Array values({1, 2}, {3, 4});
  const StateDict given = dictionary({{"their_a", values}, {"extra.b", Array({7})}});
  EXPECT_EQ(take_parameters(given, expected({{"a", {1, 2}}})), (Arrays{{"a", values}}));
}

TEST_F(StateDictTest, CountsWhatDoesNotFitAndNamesTheFirstFew) {
  const StateDict given = dictionary({{"their_a", Array({2})}, {"theirs", Array({1})}});
  test::expect_error(
      ErrorKind::kInput,
      {path_.string() + ": does not fit a network of ours, which has 6 parameters: ",
       "5 missing (their_b, their_c, their_d, ...)", "1 unknown (theirs)",
       "1 of another shape (their_a: want [3], got [2])"},
      [&] {
        take_parameters(
            given, expected({{"a", {3}}, {"b", {}}, {"c", {}}, {"d", {}}, {"e", {}}, {"f", {}}}));
      });
}

TEST_F(StateDictTest, RefusesParametersThatAreNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  const StateDict given = dictionary({{"their_a", Array({1}, {infinity})}});
  test::expect_error(ErrorKind::kInput, {path_.string() + ": their_a: holds NaN or infinity"}, [&] {
    take_parameters(given, expected({{"a", {1}}}));
  });
}

}  // namespace
}  // namespace co2net
