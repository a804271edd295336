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

TEST_F(StateDictTest, LeavesOutWhatDataParallelPutsBeforeEveryName) {
  const StateDict wrapped = dictionary({{"module.a", Array({2})}, {"module.b", Array({3})}});
  ASSERT_EQ(wrapped.arrays.size(), 2u);
  EXPECT_EQ(wrapped.arrays.at("a").shape, (Shape{2}));
  EXPECT_EQ(wrapped.arrays.at("b").shape, (Shape{3}));
  EXPECT_TRUE(
      dictionary({{"module.a", Array({2})}, {"b", Array({3})}}).arrays.contains("module.a"));
}

TEST_F(StateDictTest, LooksIntoWhatTrainingScriptsWrapAroundIt) {
  for (const std::string key : {"state_dict", "model_state_dict", "model"}) {
    const std::string pickle = "(dVepoch\nI3\nsV" + key + "\n(dVinner\nI1\nss.";
    test::expect_error(ErrorKind::kInput, {path_.string(), "inner is not a tensor"},
                       [&] { read_state_dict(file(pickle)); });
  }
}

TEST_F(StateDictTest, NamesTheFileAndWhatIsWrongWithIt) {
  const auto expect = [&](const char* pickle, const std::string& defect) {
    test::expect_error(ErrorKind::kInput, {path_.string(), defect},
                       [&] { read_state_dict(file(pickle)); });
  };
  expect(kNoDictionary, "torch.save(network.state_dict(), FILE)");
  expect(kNumberAmongArrays, "epoch is not a tensor");
  expect(kNamelessArray, "a parameter's name is not text");
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
