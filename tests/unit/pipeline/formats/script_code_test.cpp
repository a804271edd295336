#include "pipeline/formats/script_code.h"

#include <gtest/gtest.h>

#include "pipeline/base/error.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/zip_of.h"

namespace co2net {
namespace {

ScriptCalls calls_of(const std::string& code) {
  ScriptCalls calls;
  count_script_calls(code, calls);
  return calls;
}

TEST(ScriptCalls, AreOperationsBuiltInFunctionsAndMethods) {
  EXPECT_EQ(calls_of("class M(Module):\n"
                     "  weight : Tensor\n"
                     "  def forward(self: __torch__.M,\n"
                     "    x: Tensor) -> Tensor:\n"
                     "    _0 = __torch__.helper\n"
                     "    if torch.gt(k, 3):\n"
                     "      ops.prim.RaiseException(\"no\", \"builtins.ValueError\")\n"
                     "    print(torch.conv3d(x), float(k), 1.5, [1, 2])\n"
                     "    y = (self.conv).forward(torch.conv3d(x), )\n"
                     "    return _0(__torch__.other(y), y.size(), )\n"),
            (ScriptCalls{{"torch.gt", 1},
                         {"ops.prim.RaiseException", 1},
                         {"print", 1},
                         {"torch.conv3d", 2},
                         {"float", 1},
                         {".forward", 1},
                         {".size", 1}}));
}

TEST(ScriptCalls, AreSeenHoweverTheyAreWritten) {
  const ScriptCalls file{{"torch.from_file", 1}};
  EXPECT_EQ(calls_of("f = torch.from_file"), file);
  EXPECT_EQ(calls_of("torch \\\n . from_file ('x')"), file);
  EXPECT_EQ(calls_of("t = torch"), (ScriptCalls{{"torch", 1}}));
  EXPECT_EQ(calls_of("(x) . save(1)"), (ScriptCalls{{".save", 1}}));
}

TEST(ScriptCalls, AreNotWhatQuotesAndCommentsHold) {
  EXPECT_EQ(calls_of("a = \"torch.a( \\\" torch.b(\" # torch.c(\nb = 'torch.d('"), ScriptCalls());
  EXPECT_EQ(calls_of("\"never closed torch.a("), ScriptCalls());
}

TEST(ScriptCalls, AreOfTheCodeOfAnArchive) {
  const std::string archive = test::zip_of({{"m/code/__torch__.py", "torch.relu(x)"},
                                            {"m/code/__torch__/a.py", "torch.relu(x)"},
                                            {"m/code/__torch__.py.debug_pkl", "torch.a(x)"},
                                            {"m/data.pkl", "torch.b(x)"}});
  EXPECT_EQ(script_calls(archive, "x"), (ScriptCalls{{"torch.relu", 2}}));
  test::expect_error(ErrorKind::kInput, {"x: "}, [] { script_calls("PK", "x"); });
}

}  // namespace
}  // namespace co2net
