// Videos that come out of pipes, and what stands in a video's place that is no file.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

// The program, by shell, with this workplace's model and cache.
std::string program(const Workplace& here, const std::string& command) {
  std::string line = CO2NET_PROGRAM;
  for (const std::string& word : here.arguments(command)) line += " " + shell_quoted(word);
  return line + " --log-level error ";
}

fs::path named_pipe(const Workplace& here, const std::string& name) {
  EXPECT_EQ(::mkfifo(here.path(name).c_str(), 0600), 0);
  return here.path(name);
}

TEST(Pipes, GiveTheResultsOfTheFileThatComesOut) {
  const Workplace here;
  const std::string clip = shell_quoted(here.clip("clip.mkv"));
  const std::string fifo = shell_quoted(named_pipe(here, "named.mkv"));
  const Json want = here.call("run", {here.path("clip.mkv")}).json().at("results").at("clip");
  const std::vector<fs::path> kept = files_below(here.cache());
  for (const auto& [line, id] :
       {std::pair("cat " + clip + " | " + program(here, "run") + "/dev/stdin", "stdin"),
        {program(here, "run") + "/dev/stdin < " + clip, "stdin"},
        {"cat " + clip + " > " + fifo + " & " + program(here, "run") + fifo, "named"}}) {
    const Outcome outcome = shell(line);
    ASSERT_EQ(outcome.code, 0) << line << outcome.out;
    EXPECT_EQ(outcome.json().at("results").at(id), want) << line;
    EXPECT_EQ(here.entries("features"), 1) << "its content is known";
  }
  std::vector<fs::path> more = files_below(here.cache());
  std::erase_if(more, [](const fs::path& file) {
    return file.string().find("history") != std::string::npos;
  });
  EXPECT_LE(more.size(), kept.size())
      << "nothing of a pipe is left: " << testing::PrintToString(more);
}

TEST(Pipes, AreTakenByEveryCommandThatReadsVideos) {
  const Workplace here;
  const std::string clip = shell_quoted(here.clip("clip.mkv"));
  const std::string out = shell_quoted(here.path("out"));
  const Outcome probe =
      shell("bash -c " + shell_quoted(std::string(CO2NET_PROGRAM) +
                                      " probe --log-level error <(cat " + clip + ")"));
  EXPECT_EQ(probe.code, 0) << probe.out;
  EXPECT_EQ(probe.json().at("video_streams").at(0).at("width"), 160);
  const std::string pipe = "cat " + clip + " | ";
  const Outcome extract = shell(pipe + program(here, "extract") + "/dev/stdin -o " + out);
  EXPECT_EQ(extract.code, 0) << extract.out;
  EXPECT_TRUE(fs::exists(here.path("out/stdin.npy")));
  const Outcome explain = shell(pipe + program(here, "explain") + "/dev/stdin");
  EXPECT_NE(explain.out.find("features      skip"), std::string::npos) << explain.out;
  const Outcome flow = shell(pipe + CO2NET_PROGRAM + " flow /dev/stdin --log-level error -o " +
                             out + " --recipe-set flow.scales=1 --recipe-set flow.warps=1");
  EXPECT_EQ(flow.code, 0) << flow.out;
  EXPECT_TRUE(fs::exists(here.path("out/stdin.mkv")));
}

TEST(Pipes, AreReadOnceByConvert) {
  const Workplace here;
  write_file(here.path("gt.json"), R"({"database": {"a": {"subset": "training", "annotations": [
      {"label": "bow", "segment": [1, 2]}]}}})");
  write_file(here.path("results.csv"), "id,label,score,start_s,end_s\na,bow,0.5,1,2\n");
  for (const char* file : {"gt.json", "results.csv"}) {
    const std::string path = shell_quoted(here.path(file));
    const std::string command =
        std::string(CO2NET_PROGRAM) + " convert --log-level off --format csv ";
    const Outcome piped = shell("bash -c " + shell_quoted(command + "<(cat " + path + ")"));
    EXPECT_EQ(piped.code, 0) << file << piped.out;
    EXPECT_EQ(piped.out, shell(command + path).out);
    EXPECT_NE(piped.out.find("\na,bow,"), std::string::npos) << piped.out;
  }
}

TEST(Pipes, AreSpooledToTheTemporaryFolderWithoutACache) {
  const Workplace here;
  const std::string clip = shell_quoted(here.clip("clip.mkv"));
  const auto run_with = [&](const fs::path& temporary) {
    return shell("cat " + clip + " | TMPDIR=" + shell_quoted(temporary) + " " +
                 program(here, "run") + "--no-cache /dev/stdin");
  };
  fs::create_directory(here.path("tmp"));
  EXPECT_EQ(run_with(here.path("tmp")).code, 0);
  EXPECT_TRUE(files_below(here.path("tmp")).empty());
  const Outcome nowhere = run_with(here.path("clip.mkv"));
  EXPECT_EQ(nowhere.code, 1) << nowhere.out;
  EXPECT_NE(nowhere.out.find("TMPDIR"), std::string::npos) << nowhere.out;
}

TEST(Pipes, HoldAtMostWhatTheSpoolMayTake) {
  const Workplace here;
  const std::string clip = shell_quoted(here.clip("clip.mkv"));
  const std::string line = "cat " + clip + " | " + program(here, "run") + "/dev/stdin --max-spool ";
  const Outcome outcome = shell(line + "1K");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("/dev/stdin: input: more than 1024 bytes"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("--max-spool"), std::string::npos);
  EXPECT_EQ(shell(line + "1G").code, 0);
}

TEST(Pipes, NamesWhatIsNoFile) {
  const Workplace here;
  const fs::path socket = here.path("socket.mp4");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(socket.string().size(), sizeof address.sun_path);
  std::strcpy(address.sun_path, socket.c_str());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::string clip = here.clip("clip.mkv");
  const Outcome outcome = here.call("run", {"/dev/zero", socket, clip});
  ::close(listener);
  EXPECT_EQ(outcome.code, 1);
  const Json errors = outcome.json().at("errors");
  const std::string zero = errors.at("zero").at("message");
  EXPECT_NE(zero.find("is a character device; give a file or a pipe"), std::string::npos) << zero;
  const std::string of_socket = errors.at("socket").at("message");
  EXPECT_NE(of_socket.find("is a socket; give a file or a pipe"), std::string::npos) << of_socket;
  EXPECT_TRUE(outcome.json().at("results").contains("clip")) << "the others go on";
}

TEST(Pipes, ThatNobodyWritesIntoEndWithTheirTime) {
  const Workplace here;
  const std::string fifo = named_pipe(here, "silent.mkv");
  const Outcome silent = here.call("run", {fifo, "--timeout", "0.2"});
  EXPECT_EQ(silent.code, 1);
  const std::string message = silent.json().at("errors").at("silent").at("message");
  EXPECT_NE(message.find("timed out after"), std::string::npos) << message;
}

TEST(Pipes, ThatNobodyWritesIntoEndWithASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const Workplace here;
    const std::string fifo = named_pipe(here, "silent.mkv");
    Process process(here.arguments("run") + Strings{fifo});
    int writer = -1;
    process.wait_until([&] {  // until it reads
      return (writer = ::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0;
    });
    process.send(signal);
    EXPECT_EQ(process.wait(), 130);
    ::close(writer);
  }
}

}  // namespace
}  // namespace co2net::test
