#include "pipeline/formats/python_file.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/zip_of.h"

namespace co2net {
namespace {

using namespace std::string_literals;

using test::expect_error;
using test::Files;
using test::little_endian;
using test::zip_of;

void append_text(std::ostream& out, const PythonValue& value, int depth);

void append_items(std::ostream& out, const std::vector<const PythonValue*>& items, int depth) {
  const char* before = "[";
  for (const PythonValue* item : items) {
    append_text(out << std::exchange(before, ", "), *item, depth);
  }
  out << (items.empty() ? "[]" : "]");
}

void append_array(std::ostream& out, const RawArray& array) {
  out << array.dtype << to_string(array.shape) << "(";
  if (array.dtype[0] == 'S' || array.dtype[0] == 'U') {
    for (const std::string& text : to_texts(array, "array")) out << " " << text;
  } else {
    for (const float number : to_float32(array, "array").values) out << " " << number;
  }
  out << " )";
}

void append_text(std::ostream& out, const PythonValue& value, int depth) {
  if (depth > 4) {
    out << "...";
  } else if (const auto* sequence = std::get_if<PythonValue::Sequence>(&value.value)) {
    append_items(out, sequence->items, depth + 1);
  } else if (const auto* objects = std::get_if<PythonValue::ObjectArray>(&value.value)) {
    append_items(out << "O" << to_string(objects->shape), objects->items, depth + 1);
  } else if (const auto* dict = std::get_if<PythonValue::Dict>(&value.value)) {
    const char* before = "{";
    for (const auto& [key, item] : dict->items) {
      append_text(out << std::exchange(before, ", "), *key, depth + 1);
      append_text(out << ": ", *item, depth + 1);
    }
    out << (dict->items.empty() ? "{}" : "}");
  } else if (const auto* array = std::get_if<RawArray>(&value.value)) {
    append_array(out, *array);
  } else if (const auto* text = std::get_if<std::string_view>(&value.value)) {
    out << "'" << *text << "'";
  } else if (const auto* opaque = std::get_if<PythonValue::Opaque>(&value.value)) {
    out << "<" << opaque->name << ">";
  } else if (const auto* truth = std::get_if<bool>(&value.value)) {
    out << (*truth ? "True" : "False");
  } else if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    out << *integer;
  } else if (const auto* real = std::get_if<double>(&value.value)) {
    out << *real;
  } else {
    out << "None";
  }
}

std::string text_of(const PythonFile& file) {
  std::ostringstream text;
  append_text(text, file.root(), 0);
  return text.str();
}

// What a file of these bytes holds, much as Python prints it.
std::string read(const std::string& content) { return text_of(PythonFile(content, "x")); }

void expect_refused(const std::string& content, const std::string& why) {
  expect_error(ErrorKind::kInput, {"x", why}, [&] { read(content); });
}

// Pickles.

// {'a': [1, -2, 2.5, None, True], 't': ('x\u00e9', b'\x00\xff'), 's': {7}}, as Python 3 pickles it.
const std::string kPickled[] = {
    "(dp0\nVa\np1\n(lp2\nI1\naI-2\naF2.5\naNaI01\nasVt\np3\n(Vx\xe9\np4\nc_codecs\nencode\n"
    "p5\n(V\\u0000\xff\np6\nVlatin1\np7\ntp8\nRp9\ntp10\nsVs\np11\nc__builtin__\nset\np12\n("
    "(lp13\nI7\natp14\nRp15\ns."s,
    "}q\x00(X\x01\x00\x00\x00"
    "aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG@\x04\x00\x00\x00\x00\x00"
    "\x00NI01\neX\x01\x00\x00\x00tq\x03(X\x03\x00\x00\x00x\xc3\xa9q\x04"
    "c_codecs\nencode\nq"
    "\x05(X\x03\x00\x00\x00\x00\xc3\xbfq\x06X\x06\x00\x00\x00latin1q\x07tq\x08Rq\ttq\nX\x01"
    "\x00\x00\x00sq\x0b"
    "c__builtin__\nset\nq\x0c(]q\rK\x07"s
    "atq\x0eRq\x0fu."s,
    "\x80\x02}q\x00(X\x01\x00\x00\x00"
    "aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG@\x04\x00\x00\x00"
    "\x00\x00\x00N\x88"
    "eX\x01\x00\x00\x00tq\x03X\x03\x00\x00\x00x\xc3\xa9q\x04"
    "c_codecs\n"
    "encode\nq\x05X\x03\x00\x00\x00\x00\xc3\xbfq\x06X\x06\x00\x00\x00latin1q\x07\x86q\x08Rq\t"
    "\x86q\nX\x01\x00\x00\x00sq\x0b"
    "c__builtin__\nset\nq\x0c]q\rK\x07"s
    "a\x85q\x0eRq\x0fu."s,
    "\x80\x03}q\x00(X\x01\x00\x00\x00"
    "aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG@\x04\x00\x00\x00"
    "\x00\x00\x00N\x88"
    "eX\x01\x00\x00\x00tq\x03X\x03\x00\x00\x00x\xc3\xa9q\x04"
    "C\x02\x00"
    "\xffq\x05\x86q\x06X\x01\x00\x00\x00sq\x07"
    "cbuiltins\nset\nq\x08]q\tK\x07"
    "a\x85q\nRq"s
    "\x0bu."s,
    "\x80\x04\x95:\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01"
    "a\x94]\x94(K\x01J\xfe\xff\xff"
    "\xffG@\x04\x00\x00\x00\x00\x00\x00N\x88"
    "e\x8c\x01t\x94\x8c\x03x\xc3\xa9\x94"
    "C\x02\x00"s
    "\xff\x94\x86\x94\x8c\x01s\x94\x8f\x94(K\x07\x90u."s,
    "\x80\x05\x95:\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01"
    "a\x94]\x94(K\x01J\xfe\xff\xff"
    "\xffG@\x04\x00\x00\x00\x00\x00\x00N\x88"
    "e\x8c\x01t\x94\x8c\x03x\xc3\xa9\x94"
    "C\x02\x00"s
    "\xff\x94\x86\x94\x8c\x01s\x94\x8f\x94(K\x07\x90u."s};

TEST(PythonFile, ReadsEveryProtocolAlike) {
  const std::string want =
      "{'a': [1, -2, 2.5, None, True], 't': ['x\u00e9', '\x00\xff'], "s
      "'s': [7]}"s;
  for (const std::string& pickle : kPickled) {
    const PythonFile file(pickle, "x");
    EXPECT_EQ(text_of(file), want);
    EXPECT_EQ(file.format(), "pickle");
  }
}

TEST(PythonFile, KnowsEveryOpcode) {
  const std::pair<std::string, std::string> kCases[] = {
      {"I-42\n."s, "-42"},
      {"I00\n."s, "False"},
      {"L-5L\n."s, "-5"},
      {"L9223372036854775807L\n."s, "9223372036854775807"},
      {"F-1e-3\n."s, "-0.001"},
      {"Finf\n."s, "inf"},
      {"K\xff."s, "255"},
      {"M\xff\xff."s, "65535"},
      {"J\xff\xff\xff\xff."s, "-1"},
      {"\x8a\x00."s, "0"},
      {"\x8a\x02\x00\x80."s, "-32768"},
      {"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."s, "-9223372036854775808"},
      {"\x8b\x01\x00\x00\x00\x7f."s, "127"},
      {"G\xbf\xf8\x00\x00\x00\x00\x00\x00."s, "-1.5"},
      {"N."s, "None"},
      {"\x88."s, "True"},
      {"\x89."s, "False"},
      {"S'a\\'\\x41\\n\\\\'\n."s, "'a'A\n\\'"},
      {"S\"it's\"\n."s, "'it's'"},
      {"Va\\u00e9\\U0001f600\xe9\\n\n."s, "'a\u00e9\U0001f600\u00e9\\n'"},
      {"T\x02\x00\x00\x00"s
       "ab."s,
       "'ab'"},
      {"U\x02"
       "ab."s,
       "'ab'"},
      {"X\x02\x00\x00\x00"s
       "ab."s,
       "'ab'"},
      {"\x8c\x02"
       "ab."s,
       "'ab'"},
      {"\x8d\x02\x00\x00\x00\x00\x00\x00\x00"s
       "ab."s,
       "'ab'"},
      {"B\x02\x00\x00\x00"s
       "ab."s,
       "'ab'"},
      {"C\x02"
       "ab."s,
       "'ab'"},
      {"\x8e\x02\x00\x00\x00\x00\x00\x00\x00"s
       "ab."s,
       "'ab'"},
      {"\x96\x02\x00\x00\x00\x00\x00\x00\x00"s
       "ab."s,
       "'ab'"},
      {"]."s, "[]"},
      {")."s, "[]"},
      {"}."s, "{}"},
      {"(K\x01K\x02l."s, "[1, 2]"},
      {"(K\x01K\x02t."s, "[1, 2]"},
      {"K\x01\x85."s, "[1]"},
      {"K\x01K\x02\x86."s, "[1, 2]"},
      {"K\x01K\x02K\x03\x87."s, "[1, 2, 3]"},
      {"]K\x01"
       "a(K\x02K\x03"
       "e."s,
       "[1, 2, 3]"},
      {"\x8f(K\x01K\x02\x90."s, "[1, 2]"},
      {"(K\x01K\x02\x91."s, "[1, 2]"},
      {"(K\x01K\x02"
       "d."s,
       "{1: 2}"},
      {"}K\x01K\x02s(K\x03K\x04u."s, "{1: 2, 3: 4}"},
      {"NK\x01"
       "0."s,
       "None"},
      {"N(0."s, "None"},
      {"N(K\x01K\x02"
       "1."s,
       "None"},
      {"K\x05"
       "2\x86."s,
       "[5, 5]"},
      {"K\x05p7\n0g7\n."s, "5"},
      {"K\x05q\x07"
       "0h\x07."s,
       "5"},
      {"K\x05r\x07\x00\x00\x01"s
       "0j\x07\x00\x00\x01."s,
       "5"},
      {"K\x05\x94"
       "0h\x00."s,
       "5"},
      {"\x80\x02K\x05."s, "5"},
      {"\x95\x03\x00\x00\x00\x00\x00\x00\x00K\x05."s, "5"},
      {"c__builtin__\nset\n(](K\x01"
       "etR."s,
       "[1]"},
      {"\x8c\x08"
       "builtins\x8c\x09"
       "frozenset\x93]K\x01"
       "a\x85R."s,
       "[1]"},
      {"(](K\x01"
       "ei__builtin__\nset\n."s,
       "[1]"},
      {"(c__builtin__\nset\n](K\x01"
       "eo."s,
       "[1]"},
      {"ccollections\nOrderedDict\n)\x81K\x01K\x02s."s, "{1: 2}"},
      {"ccollections\nOrderedDict\n)}\x92K\x01K\x02s."s, "{1: 2}"},
      {"ccollections\nOrderedDict\n]]K\x01"
       "aK\x02"
       "aa\x85R."s,
       "{1: 2}"},
      {"ccollections\nOrderedDict\n)RK\x01K\x02s}U\x09_metadata}sb."s, "{1: 2}"},
      {"c__builtin__\nbytearray\nX\x02\x00\x00\x00\xc3\xbfU\x07latin-1\x86R."s, "'\xff'"},
      {"c__builtin__\nbytes\n)R."s, "''"},
      {"ctorch\nfloat32\n."s, "'torch.float32'"},
      {"ctorch\ndevice\nU\x04"
       "cuda\x85R."s,
       "'cuda'"},
      {"ctorch\nSize\nK\x02\x85\x85R."s, "[2]"},
  };
  for (const auto& [pickle, want] : kCases) {
    try {
      EXPECT_EQ(read(pickle), want) << testing::PrintToString(pickle);
    } catch (const Error& e) {
      ADD_FAILURE() << testing::PrintToString(pickle) << ": " << e.what();
    }
  }
}

TEST(PythonFile, SaysWhatIsWrongWithAPickle) {
  const std::pair<std::string, std::string> kCases[] = {
      {"", "empty; download or copy it again"},
      {"~"s, "not a pickle; give a .npy, .npz, .safetensors, pickle or torch checkpoint file"},
      {"zip it"s, "x: text, which begins with \"zip it\""},
      {"Nz."s, "pickle byte 1: damaged: unknown opcode 122"},
      {"\x80\x06N."s, "protocol 6 is unknown"},
      {"I1x\n."s, "malformed integer"},
      {"Np99999999999999999999\n."s, "malformed integer"},
      {"F1,5\n."s, "malformed number"},
      {"S'a\n."s, "quoted string"},
      {"S'\\xg0'\n."s, "malformed escape"},
      {"V\\u00g0\n."s, "malformed escape"},
      {"V\\U00110000\n."s, "malformed escape"},
      {"a."s, "stack is empty"},
      {"N(a."s, "stack is empty"},
      {"e."s, "it has no mark"},
      {"NN."s, "values are left over"},
      {"h\x05."s, "memo 5 is not set"},
      {"Nr\xff\xff\xff\x7fj\xff\xff\xff\xff."s, "memo 4294967295 is not set"},
      {"NK\x01"
       "a."s,
       "a list expected"},
      {"]K\x01K\x02s."s, "a dictionary expected"},
      {"}(K\x01u."s, "a key without a value"},
      {"\x97."s, "buffers are outside of it"},
      {"\x98."s, "buffers are outside of it"},
      {"N]R."s, "callable expected"},
      {"ctorch\nfloat32\n)R."s, "makes a torch.float32"},
      {"N)b."s, "a state that is not supported"},
      {"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81."s, "joblib wrote an array into the pickle"},
      {"NN.N."s, "values are left over"},
      {"N.N."s, "2 bytes follow the pickle"},
      {"X\xff\xff\xff\xff"
       "a."s,
       "truncated"},
      {"T\xff\xff\xff\xff"
       "a."s,
       "negative size"},
      {"\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
       "a."s,
       "truncated"},
      {"\x8e\xff\xff\xff\xff\xff\xff\xff\xff"
       "a."s,
       "truncated"},
      {"\x8b\xff\xff\xff\x7f"
       "a."s,
       "truncated"},
      {"\x95\xff\xff\xff\xff\xff\xff\xff\xffN."s, "truncated"},
      {"ccollections\nOrderedDict\n]N\x85"
       "a\x85R."s,
       "a pair expected"},
      {"c_codecs\nencode\nX\x03\x00\x00\x00\xe4\xb8\xadU\x06latin1\x86R."s, "not Latin-1"},
      {"c_codecs\nencode\nU\x01xU\x05rot13\x86R."s, "encoding rot13"},
  };
  for (const auto& [pickle, why] : kCases) expect_refused(pickle, why);
}

// Objects of classes that are not known here.

TEST(PythonFile, KeepsUnknownObjectsAsTheirNamesWhateverMakesThem) {
  const std::pair<std::string, std::string> kCases[] = {
      {"cos\nsystem\n."s, "<os.system>"},
      {"\x8c\x05posix\x8c\x06system\x93."s, "<posix.system>"},
      {"cos\nsystem\n(S'id'\ntR."s, "<os.system>"},
      {"(S'id'\nios\nsystem\n."s, "<os.system>"},
      {"(cos\nsystem\nS'id'\no."s, "<os.system>"},
      {"cargparse\nNamespace\n)\x81}U\2lrK\1sb."s, "<argparse.Namespace>"},
      {"ca\nB\nK\1\x85}U\1xK\2s\x92."s, "<a.B>"},
      {"ccopy_reg\n_reconstructor\n(ca\nB\nc__builtin__\nobject\nNtR(dS'x'\nI1\nsb."s, "<a.B>"},
      {"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nmatrix\nN\x86RNb."s, "<numpy.matrix>"},
      {"cbuiltins\ngetattr\nca\nB\nU\1x\x86R."s, "<a.B>"},
      {"ccopyreg\n_reconstructor\n(ccollections\nOrderedDict\nNNtR."s,
       "<an object of a known class>"},
      {"ca\nB\n)R(dS'x'\nI1\nsb."s, "<a.B>"},
      {"ca\nB\n)RK\1a(K\2K\3e(K\4\x90K\5K\6s(K\7K\x08u."s, "<a.B>"},
      {"ca\nB\n)R)R)\x81."s, "<a.B>"},
      {"ca\nB\n(N1}ca\nB\nca\nC\ns\x86."s, "[<a.B>, {<a.B>: <a.C>}]"},
      {"cbuiltins\nset\n](ca\nB\nca\nC\ne\x85R."s, "[<a.B>, <a.C>]"},
      {"ccollections\ndefaultdict\nca\nB\n\x85RK\1K\2s."s, "{1: 2}"},
      {"ccollections\nOrderedDict\n)Rca\nB\nb."s, "{}"},
      {"c__torch__\nModule\n)\x81."s, "<__torch__.Module>"},
      {"P1\n."s, "<persistent object 1>"},
      {"K\1Q."s, "<persistent object>"},
      {"U\1x\x85Q."s, "<persistent object>"},
      {"(U\6moduleca\nB\nU\1fU\1stQ)\x81}b."s, "<a.B>"},
      {"(U\6moduleNNNtQ."s, "<persistent module>"},
      {"(U\7storagectorch\nQInt8Storage\nU\1"
       "0U\3cpuK\1tQ."s,
       "<torch.QInt8Storage>"},
      {"\x82\x01."s, "<copyreg extension 1>"},
      {"\x83\x01\x02."s, "<copyreg extension 513>"},
      {"\x84\x01\x00\x00\x01)R."s, "<copyreg extension 16777217>"},
      {"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01."s, "<an integer beyond int64>"},
      {"L99999999999999999999L\n."s, "<an integer beyond int64>"},
      {"I-99999999999999999999\n."s, "<an integer beyond int64>"},
      {"\x8c\3a\x1b[\x8c\3\nb\xff\x93."s, "<a\\u001b[.\\nb\\ufffd>"},
  };
  for (const auto& [pickle, want] : kCases) {
    try {
      EXPECT_EQ(read(pickle), want) << testing::PrintToString(pickle);
    } catch (const Error& e) {
      ADD_FAILURE() << testing::PrintToString(pickle) << ": " << e.what();
    }
  }
}

TEST(PythonFile, KeepsArraysOfUnknownDtypesOpaque) {
  const std::string unknown = "ca\nB\n)R"s, date = "cnumpy\ndtype\nU\2M8K\0K\1\x87R"s;
  for (const auto& [dtype, name] : {std::pair(unknown, "<a.B>"), {date, "<numpy's dtype M8>"}}) {
    for (const std::string& pickle : {
             dtype + ".",
             "cnumpy\ndtype\n"s + dtype + "\x85R.",
             "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nN\x86R(K\1K\1\x85"s + dtype +
                 "\x89U\1atb.",
             "cnumpy.core.numeric\n_frombuffer\n(U\1a"s + dtype + "K\1\x85U\1CtR.",
             "cnumpy.core.multiarray\nscalar\n"s + dtype + "U\1a\x86R.",
         }) {
      EXPECT_EQ(read(pickle), name) << testing::PrintToString(pickle);
    }
  }
}

TEST(PythonFile, NamesTheUnknownObjectThatAnArrayIsMadeOf) {
  const std::string object = "ca\nB\n)R"s;
  const std::string dtype = "cnumpy\ndtype\nU\2u1K\0K\1\x87R"s;
  const std::string unbuilt = "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nN\x86R"s;
  const std::string from_buffer = "cnumpy.core.numeric\n_frombuffer\n("s;
  for (const std::string& pickle : {
           dtype + object + "b.",
           dtype + "(K\3"s + object + "NNtb.",
           unbuilt + object + "b.",
           unbuilt + "(K\1"s + object + dtype + "\x89U\1atb.",
           unbuilt + "(K\1K\1\x85"s + dtype + object + "U\1atb.",
           unbuilt + "(K\1K\1\x85"s + dtype + "\x89" + object + "tb.",
           from_buffer + object + dtype + "K\1\x85U\1CtR."s,
           from_buffer + "U\1a"s + dtype + object + "U\1CtR.",
           from_buffer + "U\1a"s + dtype + "K\1\x85"s + object + "tR.",
           from_buffer + "U\1a"s + dtype + "K\1\x85U\1K"s + object + "tR.",
           "cnumpy.core.multiarray\nscalar\n"s + dtype + object + "\x86R.",
           "c_codecs\nencode\n"s + object + "U\6latin1\x86R.",
           "cbuiltins\nlist\n"s + object + "\x85R.",
           "ccollections\nOrderedDict\n"s + object + "\x85R.",
           "cbuiltins\nbytes\n"s + object + "\x85R.",
           "cbuiltins\nset\n"s + object + "R.",
       }) {
    expect_refused(pickle, "got a.B, which is not read");
  }
}

TEST(PythonFile, NamesTheUnknownObjectThatATensorIsMadeOf) {
  const std::string object = "ca\nB\n)R"s;
  const std::string storage =
      "(U\7storagectorch\nFloatStorage\nU\1"
      "0U\3cpuK\1tQ"s;
  const auto refused = [&](const std::string& arguments) {
    expect_refused("ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + "tR.",
                   "got a.B, which is not read");
  };
  refused(object + "K\0)))"s);
  refused(storage + object + ")))");
  refused(storage + "K\0"s + object + "))");
  refused(storage + "K\0)"s + object + ")");
  refused(storage + "K\0))\x89)"s + object);
  expect_refused("(U\7storagectorch\nFloatStorage\n"s + object + "NK\1tQ.", "got a.B");
  expect_refused(
      "(U\7storagectorch\nFloatStorage\nU\1"
      "0N"s +
          object + "tQ.",
      "got a.B");
}

// Each name costs its bytes once, however often it is asked for.
TEST(PythonFile, RefusesUnknownNamesThatFewBytesRepeat) {
  std::string pickle = "(\x8c\xc8" + std::string(200, 'm') + "q\0"s + "0\x8c\xc8" +
                       std::string(200, 'n') + "q\1"s + "0";
  for (int i = 0; i < 10000; ++i) pickle += "h\0h\1\x93"s;
  expect_refused(pickle + "l.", "repeats its parts too often");
}

TEST(PythonFile, RefusesEveryTruncationOfAPickle) {
  for (const std::string& pickle : kPickled) {
    for (std::size_t size = 0; size < pickle.size(); ++size) {
      EXPECT_THROW(read(pickle.substr(0, size)), Error) << size;
    }
  }
}

TEST(PythonFile, KeepsCyclesAndSharing) {
  const PythonFile file(
      "]q\x00h\x00"
      "ah\x00"s
      "a."s,
      "x");
  const auto& items = std::get<PythonValue::Sequence>(file.root().value).items;
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0], &file.root());
  EXPECT_EQ(items[1], &file.root());
}

TEST(PythonFile, ReadsDeepNesting) {
  constexpr int kLevels = 1000000;
  const PythonFile file(std::string(kLevels, ']') + std::string(kLevels - 1, 'a') + ".", "x");
  const PythonValue* value = &file.root();
  int levels = 1;
  for (; !std::get<PythonValue::Sequence>(value->value).items.empty(); ++levels) {
    value = std::get<PythonValue::Sequence>(value->value).items[0];
  }
  EXPECT_EQ(levels, kLevels);
}

// Each level doubles the last: 2^1000 items, were they copied.
TEST(PythonFile, SharesWhatAPickleRepeats) {
  std::string pickle = "N";
  for (int level = 0; level < 1000; ++level) pickle += "2\x86"s;
  const PythonFile file(pickle + ".", "x");
  const auto& items = std::get<PythonValue::Sequence>(file.root().value).items;
  EXPECT_EQ(items.at(0), items.at(1));
}

TEST(PythonFile, RefusesFewBytesThatWouldBecomeMany) {
  std::string list = "](";
  for (int i = 0; i < 100000; ++i) list += "N";
  list +=
      "eq\x00"
      "0(c__builtin__\nlist\nq\x01"s
      "0"s;
  for (int i = 0; i < 10000; ++i) list += "h\x01h\x00\x85R"s;
  expect_refused(list + "l.", "repeats its parts too often");

  std::string text = "X" + little_endian(100000, 4) + std::string(100000, 'a') +
                     "q\x00"
                     "0(c_codecs\nencode\nq\x01"
                     "0U\x06latin1q\x02"s
                     "0"s;
  for (int i = 0; i < 10000; ++i) text += "h\x01h\x00h\x02\x86R"s;
  expect_refused(text + "l.", "repeats its parts too often");
}

TEST(PythonFile, RefusesMoreOperationsThanAnyRealFileHas) {
  std::string pickle;
  for (int i = 0; i < 1 << 21; ++i) pickle += "N0";
  expect_refused(pickle + "N.", "more than 4194304 operations");
  expect_refused(std::string(1 << 21, ']'), "more than 1048576 values");
}

TEST(PythonFile, FindsTheLastOfRepeatedKeys) {
  const PythonFile file(
      "}(U\x01"
      "aK\x01U\x01"
      "aK\x02K\x05Nu."s,
      "x");
  const auto& dict = std::get<PythonValue::Dict>(file.root().value);
  ASSERT_NE(dict.find("a"), nullptr);
  EXPECT_EQ(std::get<std::int64_t>(dict.find("a")->value), 2);
  EXPECT_EQ(dict.find("b"), nullptr);
}

TEST(PythonFile, ReadsAFileAndMayBeMoved) {
  TempDir dir;
  const auto path = dir.path() / "a.pkl";
  write_file(path, kPickled[2]);
  PythonFile first(path);
  const PythonFile file = std::move(first);
  EXPECT_EQ(text_of(file), read(kPickled[2]));
  expect_error(ErrorKind::kIo, {"absent.pkl"}, [&] { PythonFile(dir.path() / "absent.pkl"); });
  expect_error(ErrorKind::kIo, {dir.path().string()}, [&] { PythonFile{dir.path()}; });
}

// numpy.

// numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b'b'), then its state without its data.
std::string array_pickle(const std::string& shape, const std::string& dtype,
                         const std::string& order, bool fortran_order, const std::string& data) {
  return "\x80\x02"s +
         "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01"
         "b\x87R(K\x01"s +
         shape + "cnumpy\ndtype\nU" + little_endian(dtype.size(), 1) + dtype +
         "K\x00K\x01\x87R(K\x03U\x01"s + order + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"s +
         (fortran_order ? "\x88" : "\x89") + data + "tb.";
}

std::string short_bytes(const std::string& data) {
  return "U" + little_endian(data.size(), 1) + data;
}

TEST(PythonFile, ReadsPickledArrays) {
  const std::string two_by_three = "K\x02K\x03\x86"s;
  const std::string digits = short_bytes("\0\1\2\3\4\5"s);
  EXPECT_EQ(read(array_pickle(two_by_three, "u1", "|", false, digits)), "u1[2, 3]( 0 1 2 3 4 5 )");
  EXPECT_EQ(read(array_pickle(two_by_three, "u1", "|", true, digits)), "u1[2, 3]( 0 2 4 1 3 5 )");
  EXPECT_EQ(read(array_pickle("K\x02\x85"s, "i2", ">", false, short_bytes("\0\1\xff\xfe"s))),
            "i2[2]( 1 -2 )");
  EXPECT_EQ(read(array_pickle(")", "f8", "<", false, short_bytes("\0\0\0\0\0\0\xf8\x3f"s))),
            "f8[]( 1.5 )");
  EXPECT_EQ(read(array_pickle("K\x02\x85"s, "S3", "|", false, short_bytes("ab\0cde"s))),
            "S3[2]( ab cde )");
  EXPECT_EQ(read(array_pickle("K\x02\x85"s, "O8", "|", false,
                              "](NK\x05"
                              "e"s)),
            "O[2][None, 5]");
}

TEST(PythonFile, ReadsArraysOfNumpy2AndProtocol5) {
  EXPECT_EQ(read("\x80\x05\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93("
                 "\x96\x04\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04"
                 "\x8c\x05numpy\x8c\x05"
                 "dtype\x93\x8c\x02u1\x89\x88\x87R(K\x03\x8c\x01|"
                 "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
                 "K\x02K\x02\x86\x8c\x01"s
                 "FtR."s),
            "u1[2, 2]( 1 3 2 4 )");
}

// numpy.frombuffer(elements, dtype).reshape(shape) in that order; `axes` follow it.
std::string from_buffer(const std::string& shape, const std::string& order,
                        const std::string& axes = "") {
  return "cnumpy._core.numeric\n_frombuffer\n("s + short_bytes("\0\1\2\3\4\5"s) +
         "cnumpy\ndtype\nU\2u1K\0K\1\x87R"s + shape + short_bytes(order) + axes + "tR.";
}

TEST(PythonFile, ReadsTheArrayOrdersThatNumpyPickles) {
  const std::string two_by_three = "K\2K\3\x86"s;
  EXPECT_EQ(read(from_buffer(two_by_three, "C")), "u1[2, 3]( 0 1 2 3 4 5 )");
  EXPECT_EQ(read(from_buffer(two_by_three, "C", "N")), "u1[2, 3]( 0 1 2 3 4 5 )");
  EXPECT_EQ(read(from_buffer(two_by_three, "F")), "u1[2, 3]( 0 2 4 1 3 5 )");
  EXPECT_EQ(read(from_buffer(two_by_three, "K", "K\0K\1\x86"s)), "u1[2, 3]( 0 1 2 3 4 5 )");
  EXPECT_EQ(read(from_buffer(two_by_three, "K", "K\1K\0\x86"s)), "u1[3, 2]( 0 3 1 4 2 5 )");
  // A cycle of three axes is not its own inverse.
  EXPECT_EQ(read(from_buffer("K\1K\2K\3\x87"s, "K", "K\1K\2K\0\x87"s)),
            "u1[2, 3, 1]( 0 1 2 3 4 5 )");
  EXPECT_EQ(read(from_buffer("K\3K\1K\2\x87"s, "K", "K\2K\0K\1\x87"s)),
            "u1[2, 3, 1]( 0 2 4 1 3 5 )");
}

TEST(PythonFile, RefusesArrayOrdersThatNumpyDoesNotPickle) {
  const std::string two_by_three = "K\2K\3\x86"s;
  for (const std::string order : {"A", "c", "", "KC"}) {
    expect_refused(from_buffer(two_by_three, order, "K\0K\1\x86"s),
                   "an array of order '" + order + "'; save it in the order C");
  }
  expect_refused(from_buffer(two_by_three, "K"), "a call lacks arguments");
  expect_refused(from_buffer(two_by_three, "K", "N"), "a sequence expected, got None");
  for (const std::string& axes : {")"s, "K\0\x85"s, "K\0K\0\x86"s, "K\1K\2\x86"s, "K\0K\1K\2\x87"s,
                                  "J\xff\xff\xff\xffK\0\x86"s}) {
    expect_refused(from_buffer(two_by_three, "K", axes), "axes [");
  }
  expect_refused(array_pickle("K\1\x85"s, "u1", "?", false, short_bytes("a")),
                 "byte order '?' is unknown");
  std::string order = array_pickle("K\1\x85"s, "u1", "|", false, short_bytes("a"));
  order.replace(order.rfind('\x89'), 1, "U\1F"s);
  expect_refused(order, "True or False expected, got text");
}

std::string scalar_pickle(const std::string& dtype, const std::string& state,
                          const std::string& data) {
  return "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n"s + short_bytes(dtype) +
         "K\x00K\x01\x87R(K\x03U\x01"s + state + "tb" + short_bytes(data) + "\x86R.";
}

TEST(PythonFile, ReadsNumpysScalars) {
  const std::string little = "<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00"s;
  const std::string big = ">NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00"s;
  EXPECT_EQ(read(scalar_pickle("f4", little, "\0\0\xc0\x3f"s)), "1.5");
  EXPECT_EQ(read(scalar_pickle("f8", big, "\x3f\xf8\0\0\0\0\0\0"s)), "1.5");
  EXPECT_EQ(read(scalar_pickle("f2", little, "\0\x3e"s)), "1.5");
  EXPECT_EQ(read(scalar_pickle("i2", big, "\xff\xfe"s)), "-2");
  EXPECT_EQ(read(scalar_pickle("u8", little, "\7\0\0\0\0\0\0\0"s)), "7");
  EXPECT_EQ(read(scalar_pickle("b1", little, "\1"s)), "True");
  EXPECT_EQ(read(scalar_pickle("S3", little, "ab\0"s)), "'ab'");
  EXPECT_EQ(read(scalar_pickle("U2", "<NNNK\x08K\x04K\x08"s, "\xe9\0\0\0\0\0\0\0"s)), "'\u00e9'");
  EXPECT_EQ(read(scalar_pickle("u8", little, "\0\0\0\0\0\0\0\x80"s)), "<an integer beyond int64>");
  EXPECT_EQ(read(scalar_pickle("c8", little, "\0\0\0\0\0\0\0\0"s)), "<a numpy scalar of dtype c8>");
  expect_refused(scalar_pickle("f4", little, "\0\0"s), "needs 1 x 4 bytes");
}

TEST(PythonFile, RefusesArraysThatAreNotWhatTheySay) {
  const std::string two = "K\x02\x85"s;
  expect_refused(array_pickle(two, "f4", "<", false, short_bytes("abcd")),
                 "shape [2] needs 2 x 4 bytes, the file has 4");
  expect_refused(array_pickle(two, "O", "|", false,
                              "]N"
                              "a"s),
                 "shape [2] with 1 elements");
  expect_refused(array_pickle("J\xff\xff\xff\xff\x85"s, "f4", "<", false, short_bytes("")),
                 "negative dimension");
  const std::string huge =
      "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40"s
      "2\x86"s;
  expect_refused(array_pickle(huge, "f4", "<", false, short_bytes("")), "too large");
  expect_refused(array_pickle(two, "S0", "|", false, short_bytes("")), "have no bytes");
  std::string many = "(";
  for (int i = 0; i < 65; ++i) many += "K\x01"s;
  expect_refused(array_pickle(many + "t", "u1", "|", false, short_bytes("a")), "65 dimensions");
}

TEST(PythonFile, ReadsNpyOfNumbersTextAndObjects) {
  const auto npy = [](const std::string& dtype, const std::string& shape, const std::string& data) {
    const std::string header =
        "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': " + shape + ", }";
    return "\x93NUMPY\x01\x00"s + little_endian(header.size(), 2) + header + data;
  };
  const PythonFile file(format_npy({{2}, {1.5f, 2}}), "x");
  EXPECT_EQ(text_of(file), "f4[2]( 1.5 2 )");
  EXPECT_EQ(file.format(), "npy");
  EXPECT_EQ(read(npy("|S3", "(2,)", "ab\0cde"s)), "S3[2]( ab cde )");
  EXPECT_EQ(read(npy("<U2", "(1,)", "\xe9\0\0\0\x2d\x4e\0\0"s)), "U2[1]( \u00e9\u4e2d )");
  EXPECT_EQ(read(npy(">U2", "(1,)", "\0\0\0\xe9\0\0\0\0"s)), "U2[1]( \u00e9 )");
  const std::string objects = array_pickle("K\x02\x85"s, "O8", "|", false,
                                           "](NK\x05"
                                           "e"s);
  EXPECT_EQ(read(npy("|O", "(2,)", objects)), "O[2][None, 5]");
  expect_refused(npy("|O", "(3,)", objects), "not an object array of shape [3]");
  expect_refused(npy("|O", "(2,)", "N."s), "not an object array");
  expect_refused(npy("<f4", "(2,)", "1234"), "needs 2 x 4 bytes");
  expect_refused(npy("<U1", "(1,)", "\xff\xff\xff\xff"), "not Unicode's");
}

TEST(PythonFile, ReadsNpzAsADictionary) {
  const PythonFile file(format_npz({{"a", {{1}, {1}}}, {"b", {{2}, {2, 3}}}}), "x");
  EXPECT_EQ(text_of(file), "{'a': f4[1]( 1 ), 'b': f4[2]( 2 3 )}");
  EXPECT_EQ(file.format(), "npz");
}

// torch.

struct Tensor {
  std::string storage = "FloatStorage";
  std::string key = "0";
  std::int64_t stored = 6;  // elements
  std::int64_t offset = 0;
  Shape shape = {2, 3};
  Shape strides = {3, 1};
};

std::string integer(std::int64_t value) {
  return "\x8a\x08"s + little_endian(static_cast<std::uint64_t>(value), 8);
}

std::string tuple(const Shape& sizes) {
  std::string pickle = "(";
  for (const std::int64_t size : sizes) pickle += integer(size);
  return pickle + "t";
}

std::string storage_pickle(const Tensor& tensor, const std::string& view = "") {
  return "(" + short_bytes("storage") + "ctorch\n" + tensor.storage + "\n" +
         short_bytes(tensor.key) + short_bytes("cpu") + integer(tensor.stored) + view + "tQ";
}

std::string tensor_pickle(const Tensor& tensor, const std::string& view = "") {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage_pickle(tensor, view) +
         integer(tensor.offset) + tuple(tensor.shape) + tuple(tensor.strides) + "\x89"s +
         "ccollections\nOrderedDict\n)RtR";
}

std::string list_of(const std::vector<std::string>& pickles) {
  std::string list = "\x80\x02"s + "(";
  for (const std::string& pickle : pickles) list += pickle;
  return list + "l.";
}

std::string torch_zip(const std::string& pickle, const Files& storages,
                      const std::string& byte_order = "") {
  Files files = {{"a/data.pkl", pickle}};
  if (!byte_order.empty()) files.emplace_back("a/byteorder", byte_order);
  for (const auto& [key, data] : storages) files.emplace_back("a/data/" + key, data);
  return zip_of(files);
}

// The legacy stream. `storages`: their numbers of elements in 8 bytes, and the elements.
std::string torch_stream(const std::string& pickle, const std::vector<std::string>& keys,
                         const std::string& storages) {
  std::vector<std::string> quoted;
  for (const std::string& key : keys) quoted.push_back(short_bytes(key));
  return "\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."s + pickle +
         list_of(quoted) + storages;
}

std::string floats(const std::vector<float>& values, bool big_endian = false) {
  std::string data;
  for (const float value : values) {
    char raw[4];
    std::memcpy(raw, &value, 4);
    data += big_endian ? std::string(std::rbegin(raw), std::rend(raw)) : std::string(raw, 4);
  }
  return data;
}

const std::string kZeroToFive = floats({0, 1, 2, 3, 4, 5});
const std::string kZeroToFiveBig = floats({0, 1, 2, 3, 4, 5}, true);

TEST(PythonFile, ReadsTorchArchivesOfBothByteOrders) {
  const std::string pickle = list_of({tensor_pickle({})});
  const PythonFile file(torch_zip(pickle, {{"0", kZeroToFive}}), "x");
  EXPECT_EQ(file.format(), "torch");
  EXPECT_EQ(text_of(file), "[f4[2, 3]( 0 1 2 3 4 5 )]");
  EXPECT_EQ(read(torch_zip(pickle, {{"0", kZeroToFive}}, "little")), text_of(file));
  EXPECT_EQ(read(torch_zip(pickle, {{"0", kZeroToFiveBig}}, "big")), text_of(file));
}

TEST(PythonFile, ReadsTorchStreamsOfBothByteOrders) {
  const std::string pickle = list_of({tensor_pickle({})});
  const PythonFile file(torch_stream(pickle, {"0"}, little_endian(6, 8) + kZeroToFive), "x");
  EXPECT_EQ(file.format(), "torch (legacy)");
  EXPECT_EQ(text_of(file), "[f4[2, 3]( 0 1 2 3 4 5 )]");
  EXPECT_EQ(read(torch_stream(pickle, {"0"}, "\0\0\0\0\0\0\0\6"s + kZeroToFiveBig)), text_of(file));
}

TEST(PythonFile, ReadsViewsOfSharedStorages) {
  const std::string pickle = list_of({
      tensor_pickle({.shape = {3, 2}, .strides = {1, 3}}),
      tensor_pickle({.offset = 1, .shape = {2, 2}, .strides = {3, 1}}),
      tensor_pickle({.offset = 5, .shape = {3}, .strides = {0}}),
      tensor_pickle({.offset = 4, .shape = {}, .strides = {}}),
      tensor_pickle({.offset = 6, .shape = {0, 3}, .strides = {3, 1}}),
      "ctorch._utils\n_rebuild_parameter\n(" + tensor_pickle({}) + "\x88NtR"s,
      storage_pickle({}),
  });
  const std::string want =
      "[f4[3, 2]( 0 3 1 4 2 5 ), f4[2, 2]( 1 2 4 5 ), f4[3]( 5 5 5 ), f4[]( 4 ), f4[0, 3]( ), "
      "f4[2, 3]( 0 1 2 3 4 5 ), f4[6]( 0 1 2 3 4 5 )]";
  EXPECT_EQ(read(torch_zip(pickle, {{"0", kZeroToFive}})), want);
  EXPECT_EQ(read(torch_stream(pickle, {"0"}, little_endian(6, 8) + kZeroToFive)), want);
}

TEST(PythonFile, ReadsAPartOfAStorageThatOldTorchNames) {
  const std::string view = "(" + short_bytes("1") + integer(2) + integer(4) + "t";
  const std::string pickle =
      list_of({tensor_pickle({.offset = 1, .shape = {3}, .strides = {1}}, view)});
  EXPECT_EQ(read(torch_stream(pickle, {"0"}, little_endian(6, 8) + kZeroToFive)),
            "[f4[3]( 3 4 5 )]");
  const std::string beyond = "(" + short_bytes("1") + integer(2) + integer(5) + "t";
  expect_refused(torch_zip(list_of({tensor_pickle({}, beyond)}), {{"0", kZeroToFive}}),
                 "a size that cannot be");
}

TEST(PythonFile, ReadsEveryTorchDtype) {
  const auto read_one = [](const std::string& storage, const std::string& data) {
    const Tensor one{.storage = storage, .stored = 1, .shape = {}, .strides = {}};
    return read(torch_zip(list_of({tensor_pickle(one)}), {{"0", data}}));
  };
  EXPECT_EQ(read_one("DoubleStorage", "\0\0\0\0\0\0\xf8\x3f"s), "[f8[]( 1.5 )]");
  EXPECT_EQ(read_one("HalfStorage", "\0\x3e"s), "[f2[]( 1.5 )]");
  EXPECT_EQ(read_one("BFloat16Storage", "\xc0\x3f"s), "[bf2[]( 1.5 )]");
  EXPECT_EQ(read_one("LongStorage", std::string(8, '\xff')), "[i8[]( -1 )]");
  EXPECT_EQ(read_one("IntStorage", std::string(4, '\xff')), "[i4[]( -1 )]");
  EXPECT_EQ(read_one("ShortStorage", std::string(2, '\xff')), "[i2[]( -1 )]");
  EXPECT_EQ(read_one("CharStorage", "\xff"), "[i1[]( -1 )]");
  EXPECT_EQ(read_one("ByteStorage", "\xff"), "[u1[]( 255 )]");
  EXPECT_EQ(read_one("BoolStorage", "\1"), "[b1[]( 1 )]");
  expect_error(ErrorKind::kInput, {"dtype c8 is not a real number's"},
               [&] { read_one("ComplexFloatStorage", std::string(8, '\0')); });
  expect_error(ErrorKind::kInput,
               {"a torch storage expected, got torch.QInt8Storage, which is not read"},
               [&] { read_one("QInt8Storage", "\1"); });
}

TEST(PythonFile, ReadsTensorsOfUntypedStorages) {
  const std::string storage = "(" + short_bytes("storage") + "ctorch.storage\nUntypedStorage\n" +
                              short_bytes("0") + short_bytes("cpu") + integer(24) + "tQ";
  const std::string tensor = "ctorch._utils\n_rebuild_tensor_v3\n(" + storage + integer(1) +
                             tuple({2}) + tuple({2}) + "\x89"s +
                             "ccollections\nOrderedDict\n)Rctorch\nfloat32\ntR";
  EXPECT_EQ(read(torch_zip(list_of({tensor}), {{"0", kZeroToFive}})), "[f4[2]( 1 3 )]");
}

TEST(PythonFile, RefusesTensorsBeyondTheirStorage) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const std::pair<Tensor, std::string> kCases[] = {
      {{.shape = {2, 4}, .strides = {3, 1}}, "go beyond the 6 elements"},
      {{.offset = 1}, "go beyond the 6 elements"},
      {{.offset = -1}, "negative offset"},
      {{.offset = kHuge}, "go beyond"},
      {{.shape = {2, 3}, .strides = {-3, 1}}, "negative stride"},
      {{.shape = {3, 3}, .strides = {kHuge, kHuge}}, "too large"},
      {{.shape = {kHuge, kHuge}, .strides = {0, 0}}, "too large"},
      {{.shape = {2, -3}}, "negative dimension"},
      {{.shape = {2, 3}, .strides = {1}}, "do not fit"},
      {{.stored = 7}, "28 are declared"},
      {{.stored = kHuge}, "a size that cannot be"},
      {{.stored = -1}, "a size that cannot be"},
      {{.key = "1"}, "lacks a/data/1"},
  };
  for (const auto& [tensor, why] : kCases) {
    expect_refused(torch_zip(list_of({tensor_pickle(tensor)}), {{"0", kZeroToFive}}), why);
  }
}

TEST(PythonFile, RefusesWhatIsNoTensor) {
  const auto refused = [](const std::string& pickle, const std::string& why) {
    expect_refused(torch_zip(list_of({pickle}), {{"0", kZeroToFive}}), why);
  };
  refused("ctorch._utils\n_rebuild_tensor_v2\n(" + "K\x00"s + ")))tR", "a torch storage expected");
  refused("(" + short_bytes("storage") + "ctorch\ndevice\nNNNtQ", "a torch storage class expected");
  refused("ctorch._utils\n_rebuild_tensor_v2\n(" + storage_pickle({.storage = "QInt8Storage"}) +
              "K\0)))tR"s,
          "got torch.QInt8Storage, which is not read");
  const std::string negated = "}" + short_bytes("neg") + "\x88s"s;
  std::string tensor = tensor_pickle({});
  tensor.insert(tensor.size() - 2, negated);
  refused(tensor, "lazy conjugation or negation");
  expect_refused(list_of({tensor_pickle({})}), "elements are outside of the pickle");
}

TEST(PythonFile, RefusesStreamsThatDoNotFit) {
  const std::string pickle = list_of({tensor_pickle({})});
  const std::string six = little_endian(6, 8) + kZeroToFive;
  expect_refused(torch_stream(pickle, {"0"}, little_endian(5, 8) + kZeroToFive),
                 "another number of elements");
  expect_refused(torch_stream(pickle, {"0"}, six + "z"), "1 bytes follow its end");
  expect_refused(torch_stream(pickle, {}, ""), "lacks storage 0");
  expect_refused(torch_stream(pickle, {"1"}, six), "an unknown one");
  expect_refused(torch_stream(list_of({storage_pickle({.storage = "QInt8Storage"})}), {"0"}, six),
                 "has elements of a torch.QInt8Storage, which is not read");
  expect_refused(
      torch_stream(list_of({tensor_pickle({}), tensor_pickle({.stored = 5})}), {"0"}, six),
      "two sizes");
  const std::string whole = torch_stream(pickle, {"0"}, six);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(read(whole.substr(0, size)), Error) << size;
  }
}

TEST(PythonFile, RefusesEveryTruncationOfAnArchive) {
  const std::string whole = torch_zip(list_of({tensor_pickle({})}), {{"0", kZeroToFive}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(read(whole.substr(0, size)), Error) << size;
  }
}

TEST(PythonFile, ReadsTheParametersOfTorchScriptModules) {
  const std::string pickle = "\x80\x02"s + "c__torch__.net\nNet\n)\x81}(" + short_bytes("weight") +
                             tensor_pickle({}) + short_bytes("training") + "\x89ub."s;
  const PythonFile file(
      zip_of({{"net/data.pkl", pickle}, {"net/constants.pkl", ")."}, {"net/data/0", kZeroToFive}}),
      "x");
  EXPECT_EQ(file.format(), "torchscript");
  EXPECT_EQ(text_of(file), "{'weight': f4[2, 3]( 0 1 2 3 4 5 ), 'training': False}");
  expect_refused(zip_of({{"net/data.pkl", "N)R."}, {"net/constants.pkl", ")."}}),
                 "TorchScript module: net/data.pkl: pickle byte 2: a callable expected");
}

TEST(PythonFile, RefusesArchivesWhoseEntriesOverlap) {
  constexpr std::size_t kBeforeData = 35, kDirectoryEntry = 51;
  std::string archive = zip_of({{"a.npy", "0123"}, {"b.npy", "4567"}});
  const std::size_t directory = archive.find("PK\1\2");
  for (const std::size_t entry : {0, 1}) {  // each reaches to the archive's end
    const std::size_t data_at = kBeforeData + entry * (kBeforeData + 4);
    const std::string size = little_endian(archive.size() - data_at, 4);
    archive.replace(directory + entry * kDirectoryEntry + 20, 8, size + size);
  }
  expect_refused(archive, "its entries overlap");
}

TEST(PythonFile, RefusesArchivesThatAreNotWhatTheySay) {
  expect_refused(zip_of({{"readme.txt", "hello"}}),
                 "zip archive of other files: 1 entry (readme.txt); neither a .npz nor");
  expect_refused(zip_of({{"a.npy", "x"}, {"a.npy", "y"}}), "two zip entries are named a.npy");
  expect_refused(zip_of({{"a.npy", "x"}}, 12), "compression 12 is not supported");
  expect_refused(zip_of({{"a.npy", "x"}}, 0, 1), "damaged zip archive");
  expect_refused(zip_of({{"a.npy", "xxxx"}}, 8), "damaged zip entry");
  expect_refused(zip_of({{"a.npy", "\3\0"s}}, 8, 100), "damaged zip entry");
  expect_refused(zip_of({{"a.npy", "\3\0"s}}, 8, 3 << 20), "2 bytes never inflate to 3145730");
  expect_refused(zip_of({{"a.npy", "\3\0"s}}, 8, 0xf0000000), "too many for the archive's size");
  expect_refused(zip_of({{"a.npy", "x"}}), "checksum");
  std::string encrypted = zip_of({{"a.npy", "x"}});
  encrypted[encrypted.find("PK\1\2") + 8] = 1;
  expect_refused(encrypted, "encrypted");
}

// Conversion.

TEST(RawArray, RefusesToRepeatFewElementsManyTimes) {
  const auto convert = [](std::int64_t size) {
    const std::string pickle = list_of({tensor_pickle({.shape = {size, 6}, .strides = {0, 1}})});
    const PythonFile file(torch_zip(pickle, {{"0", kZeroToFive}}), "x");
    const auto& items = std::get<PythonValue::Sequence>(file.root().value).items;
    return to_float32(std::get<RawArray>(items.at(0)->value), "x").values.size();
  };
  EXPECT_EQ(convert(100000), 600000u);
  expect_error(ErrorKind::kInput, {"x: shape [200000, 6] repeats the 6 elements"},
               [&] { convert(200000); });
  expect_error(ErrorKind::kInput, {"repeats"}, [&] { convert(std::int64_t{1} << 59); });
}

TEST(RawArray, GivesDenseBytesInThisMachinesOrder) {
  const std::string big = "\0\1\0\2\0\3\0\4"s;
  const RawArray array{"i2", true, {2, 2}, {1, 2}, big};
  EXPECT_EQ(to_dense(array, "x"), "\1\0\3\0\2\0\4\0"s);
  const RawArray complex{"c8", true, {1}, {1}, big};
  EXPECT_EQ(to_dense(complex, "x"), "\2\0\1\0\4\0\3\0"s);
}

TEST(RawArray, NamesDtypesThatCannotBeConverted) {
  expect_error(ErrorKind::kInput, {"x: dtype S1 is not a real number's"}, [] {
    to_float32({"S1", false, {1}, {1}, "a"}, "x");
  });
  expect_error(ErrorKind::kInput, {"x: dtype f4 is not text"}, [] {
    to_texts({"f4", false, {1}, {1}, "abcd"}, "x");
  });
}

// safetensors.

std::string safetensors(const std::string& header, const std::string& data) {
  return little_endian(header.size(), 8) + header + data;
}

// A tensor's entry in the header.
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  std::size_t begin, std::size_t end) {
  return '"' + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(PythonFile, ReadsSafetensorsAsADictionary) {
  const std::string header =
      "{\"__metadata__\":{\"format\":\"pt\"}," + entry("w", "F32", "[2,3]", 0, 24) + "," +
      entry("a.b", "I16", "[2]", 24, 28) + "," + entry("none", "F64", "[0,4]", 24, 24) + "," +
      entry("one", "U8", "[]", 28, 29) + "}   ";
  const PythonFile file(safetensors(header, kZeroToFive + "\xff\xff\2\0\7"s), "x");
  EXPECT_EQ(file.format(), "safetensors");
  EXPECT_EQ(text_of(file),
            "{'__metadata__': {'format': 'pt'}, 'a.b': i2[2]( -1 2 ), 'none': f8[0, 4]( ), "
            "'one': u1[]( 7 ), 'w': f4[2, 3]( 0 1 2 3 4 5 )}");
  EXPECT_EQ(read(safetensors("{}", "")), "{}");
}

TEST(PythonFile, ReadsEverySafetensorsDtype) {
  const auto read_one = [](const std::string& dtype, const std::string& data) {
    return read(safetensors("{" + entry("a", dtype, "[1]", 0, data.size()) + "}", data));
  };
  EXPECT_EQ(read_one("F64", "\0\0\0\0\0\0\xf8\x3f"s), "{'a': f8[1]( 1.5 )}");
  EXPECT_EQ(read_one("F32", "\0\0\xc0\x3f"s), "{'a': f4[1]( 1.5 )}");
  EXPECT_EQ(read_one("F16", "\0\x3e"s), "{'a': f2[1]( 1.5 )}");
  EXPECT_EQ(read_one("BF16", "\xc0\x3f"s), "{'a': bf2[1]( 1.5 )}");
  EXPECT_EQ(read_one("I64", std::string(8, '\xff')), "{'a': i8[1]( -1 )}");
  EXPECT_EQ(read_one("I32", std::string(4, '\xff')), "{'a': i4[1]( -1 )}");
  EXPECT_EQ(read_one("I16", std::string(2, '\xff')), "{'a': i2[1]( -1 )}");
  EXPECT_EQ(read_one("I8", "\xff"), "{'a': i1[1]( -1 )}");
  EXPECT_EQ(read_one("U64", "\7\0\0\0\0\0\0\0"s), "{'a': u8[1]( 7 )}");
  EXPECT_EQ(read_one("U32", "\7\0\0\0"s), "{'a': u4[1]( 7 )}");
  EXPECT_EQ(read_one("U16", "\xff\xff"), "{'a': u2[1]( 65535 )}");
  EXPECT_EQ(read_one("U8", "\xff"), "{'a': u1[1]( 255 )}");
  EXPECT_EQ(read_one("BOOL", "\1"), "{'a': b1[1]( 1 )}");
  for (const std::string dtype : {"F8_E4M3", "F4", "f32", "", "F32\\u0000"}) {
    expect_error(ErrorKind::kInput, {"x: tensor \"a\": dtype \"" + dtype + "\" is not supported"},
                 [&] { read_one(dtype, "\0"s); });
  }
}

TEST(PythonFile, RefusesSafetensorsThatAreNotWhatTheySay) {
  const auto refused = [](const std::string& header, const std::string& data,
                          const std::string& why) {
    expect_refused(safetensors(header, data), why);
  };
  const std::string four = "0123", eight = "01234567";
  const std::string whole = "{" + entry("a", "F32", "[2]", 0, 8) + "}";
  refused("{" + entry("a", "F32", "[2]", 0, 8), eight, "x: its header: not valid JSON");
  refused(whole + "{}", eight, "x: its header: not valid JSON");
  refused("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("a", "F32", "[1]", 4, 8) + "}", eight,
          "the key \"a\" twice");
  refused(R"({"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", "0",
          "the key \"dtype\" twice");
  refused(R"({"__metadata__":{"k":"1","k":"2"}})", "", "the key \"k\" twice");
  refused(R"({"__metadata__":{"k":1}})", "", "metadata are no dictionary of text");
  refused(R"({"__metadata__":[]})", "", "metadata are no dictionary of text");
  refused(R"({"a":[]})", "", "tensor \"a\": want dtype, shape and data_offsets alone");
  refused(R"({"a":{"dtype":"U8","shape":[1]}})", "0", "want dtype, shape");
  refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}})", "0", "alone");
  refused(R"({"a":{"dtype":"U8","shape":[1],"offsets":[0,1]}})", "0", "lacks its data_offsets");
  refused(R"({"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}})", "0", "dtype 8 is not");
  refused("{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}", "", "levels");
  for (const std::string shape : {"1", "[-1]", "[1.0]", "[\"1\"]", "[null]", "{}"}) {
    refused("{" + entry("a", "U8", shape, 0, 1) + "}", "0", "shape");
  }
  refused("{" + entry("a", "U8", "[9223372036854775808]", 0, 1) + "}", "0", "too large");
  refused("{" + entry("a", "U8", "[18446744073709551616]", 0, 1) + "}", "0", "64 bits");
  refused("{" + entry("a", "F32", "[4611686018427387904,4]", 0, 4) + "}", four, "too large");
  refused("{" + entry("a", "F32", "[4611686018427387905]", 0, 4) + "}", four, "needs");
  refused("{" + entry("a", "F32", "[0,9223372036854775807,9]", 0, 4) + "}", four, "");
  refused("{" + entry("a", "F32", "[3]", 0, 8) + "}", eight, "needs 3 x 4 bytes");
  refused("{" + entry("a", "F32", "[1]", 0, 8) + "}", eight, "needs 1 x 4 bytes");
  refused("{" + entry("a", "F32", "[2]", 0, 8) + "}", four, "its data are beyond the file");
  refused("{" + entry("a", "U8", "[0]", 1, 0) + "}", "0", "data_offsets are not [begin, end]");
  refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", "0", "not [begin, end]");
  refused("{" + entry("a", "U8", "[4]", 0, 4) + "," + entry("b", "U8", "[3]", 5, 8) + "}", eight,
          "a gap or overlap");
  refused("{" + entry("a", "U8", "[5]", 0, 5) + "," + entry("b", "U8", "[4]", 4, 8) + "}", eight,
          "a gap or overlap");
  refused("{" + entry("a", "U8", "[8]", 0, 8) + "," + entry("b", "U8", "[8]", 0, 8) + "}", eight,
          "a gap or overlap");
  refused("{" + entry("a", "U8", "[7]", 1, 8) + "}", eight, "a gap or overlap");
  refused("{" + entry("a", "U8", "[4]", 0, 4) + "}", eight, "4 bytes belong to no tensor");
  refused("{}", "0", "1 bytes belong to no tensor");
  expect_refused("\xff\xff\xff\x7f\0\0\0\0{}"s, "its header has 2147483647 bytes");
  expect_refused("\3\0\0\0\0\0\0\0{}"s, "ends within its header");
  const std::string file = safetensors(whole, eight);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(read(file.substr(0, size)), Error) << size;
  }
}

// Real files.

TEST(PythonFile, ReadsThePublishedCmcsCheckpoint) {
  const auto path = test::data_dir() / "checkpoints" / "cmcs_thumos14_rgb.pkl";
  SKIP_WITHOUT(path);
  const PythonFile file(path);
  EXPECT_EQ(file.format(), "torch (legacy)");
  const auto& dict = std::get<PythonValue::Dict>(file.root().value);
  EXPECT_EQ(dict.items.size(), 22u);
  const auto* weight = dict.find("base.base_conv_0.weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(std::get<RawArray>(weight->value).shape, (Shape{32, 1024, 1}));
}

TEST(PythonFile, ReadsTheBenchmarksAnnotations) {
  const auto folder = test::data_dir() / "annotations" / "Thumos14reduced-Annotations";
  SKIP_WITHOUT(folder);
  const PythonFile segments(folder / "segments.npy"), labels(folder / "labels.npy"),
      names(folder / "videoname.npy");
  const auto& of_video = std::get<PythonValue::ObjectArray>(segments.root().value);
  EXPECT_EQ(of_video.shape, Shape{412});
  EXPECT_EQ(std::get<PythonValue::ObjectArray>(labels.root().value).items.size(), 412u);
  EXPECT_EQ(to_texts(std::get<RawArray>(names.root().value), "names").at(0),
            "video_validation_0000051");
  std::ostringstream first;
  append_text(first, *of_video.items[0], 0);
  EXPECT_EQ(first.str(), "[[67.5, 75.9], [85.9, 90.6], [139.3, 148.2]]");
}

// Debian's Python, which has Debian's numpy and torch.
constexpr const char* kPython = "/usr/bin/python3";

std::string run_python(const std::string& script, const std::string& argument) {
  TempDir dir;
  write_file(dir.path() / "script.py", script);
  return test::run_shell("cd " + test::shell_quoted(dir.path().parent_path()) + " && " + kPython +
                         " " + test::shell_quoted(dir.path() / "script.py") + " " +
                         test::shell_quoted(argument));
}

std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t low = 1, high = 0;
  for (const char byte : bytes) {
    low = (low + static_cast<unsigned char>(byte)) % 65521;
    high = (high + low) % 65521;
  }
  return high << 16 | low;
}

TEST(PythonFile, ReadsWhatNumpyWrites) {
  TempDir dir;
  run_python(
      "import numpy as np, os, pickle, sys\n"
      "os.chdir(sys.argv[1])\n"
      "o = np.empty(2, dtype=object)\n"
      "o[0] = np.asfortranarray(np.arange(6, dtype='>f4').reshape(2, 3))\n"
      "o[1] = ['a', b'b', np.int8(-3), np.str_('s'), np.array(['u\\u00e9'])]\n"
      "for p in range(6):\n"
      "    with open(f'{p}', 'wb') as f: pickle.dump(o, f, protocol=p)\n"
      "np.save('6.npy', o)\n"
      "os.rename('6.npy', '6')\n"
      "np.savez_compressed('z.npz', o=o, n=np.zeros((50, 50)), f=np.asfortranarray([[1, 2], [3, "
      "4]]))\n",
      dir.path());
  const std::string objects =
      "O[2][f4[2, 3]( 0 1 2 3 4 5 ), ['a', 'b', -3, 's', U2[1]( u\u00e9 )]]";
  for (int file = 0; file <= 6; ++file) {
    EXPECT_EQ(text_of(PythonFile(dir.path() / std::to_string(file))), objects) << file;
  }
  const PythonFile npz(dir.path() / "z.npz");
  const auto& arrays = std::get<PythonValue::Dict>(npz.root().value);
  EXPECT_EQ(std::get<RawArray>(arrays.find("n")->value).shape, (Shape{50, 50}));
  EXPECT_EQ(to_float32(std::get<RawArray>(arrays.find("f")->value), "f").values,
            (std::vector<float>{1, 2, 3, 4}));
}

TEST(PythonFile, ReadsWhatTorchWrites) {
  TempDir dir;
  run_python(
      "import os, sys, torch\n"
      "os.chdir(sys.argv[1])\n"
      "t = torch.arange(6.).reshape(2, 3)\n"
      "c = {'t': t, 'r': t.t(), 's': t[1, ::2], 'e': torch.ones(1).expand(2), 'h': t[0].half(),\n"
      "     'b': t[0].bfloat16(), 'l': torch.tensor(7), 'p': torch.nn.Parameter(t[0]),\n"
      "     'd': torch.float16, 'z': t.shape, 'm': torch.nn.Linear(1, 1, "
      "bias=False).state_dict()}\n"
      "c['m']['weight'].fill_(4)\n"
      "for protocol in (2, 3, 4, 5):\n"
      "    for zipped in (0, 1):\n"
      "        torch.save(c, f'{protocol}{zipped}', pickle_protocol=protocol,\n"
      "                   _use_new_zipfile_serialization=bool(zipped))\n"
      "torch.jit.script(torch.nn.Linear(2, 1, bias=False)).save('script')\n",
      dir.path());
  const std::string want =
      "{'t': f4[2, 3]( 0 1 2 3 4 5 ), 'r': f4[3, 2]( 0 3 1 4 2 5 ), 's': f4[2]( 3 5 ), "
      "'e': f4[2]( 1 1 ), 'h': f2[3]( 0 1 2 ), 'b': bf2[3]( 0 1 2 ), 'l': i8[]( 7 ), "
      "'p': f4[3]( 0 1 2 ), 'd': 'torch.float16', 'z': [2, 3], 'm': {'weight': f4[1, 1]( 4 )}}";
  for (int protocol = 2; protocol <= 5; ++protocol) {
    for (const char* zipped : {"0", "1"}) {
      const PythonFile file(dir.path() / (std::to_string(protocol) + zipped));
      EXPECT_EQ(file.format(), zipped[0] == '1' ? "torch" : "torch (legacy)");
      EXPECT_EQ(text_of(file), want) << protocol;
    }
  }
  const PythonFile script(dir.path() / "script");
  EXPECT_EQ(script.format(), "torchscript");
  const auto* weight = std::get<PythonValue::Dict>(script.root().value).find("weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(std::get<RawArray>(weight->value).shape, (Shape{1, 2}));
}

TEST(PythonFile, GivesTheValuesThatTorchGives) {
  const TempDir dir;
  const std::string sums = run_python(
      "import os, sys, torch, zlib\n"
      "os.chdir(sys.argv[1])\n"
      "torch.manual_seed(1)\n"
      "c = {f'{i}.weight': torch.randn(40, 7 * i + 1).to(d) for i, d in enumerate(\n"
      "    [torch.float32, torch.float64, torch.float16, torch.float32])}\n"
      "c['turned'] = c['1.weight'].t()\n"
      "c['part'] = c['0.weight'][5:20:2]\n"
      "torch.save(c, 'new')\n"
      "torch.save(c, 'legacy', _use_new_zipfile_serialization=False)\n"
      "for name, t in torch.load('legacy').items():\n"
      "    print(name, zlib.adler32(t.contiguous().numpy().tobytes()))\n",
      dir.path());
  for (const std::string name : {"new", "legacy"}) {
    std::string ours;
    const PythonFile file(dir.path() / name);
    for (const auto& [key, value] : std::get<PythonValue::Dict>(file.root().value).items) {
      ours += std::string(std::get<std::string_view>(key->value)) + " " +
              std::to_string(adler32(to_dense(std::get<RawArray>(value->value), "x"))) + "\n";
    }
    EXPECT_EQ(ours, sums) << name;
  }
}

}  // namespace
}  // namespace co2net
