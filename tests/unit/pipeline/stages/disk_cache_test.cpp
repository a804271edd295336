#include "pipeline/stages/disk_cache.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <set>
#include <thread>

#include "pipeline/base/digest.h"
#include "pipeline/base/files.h"
#include "tests/support.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/killed.h"
#include "tests/unit/log_capture.h"

namespace fs = std::filesystem;

static int times_asked = 0;

// In the place of OpenBLAS's, which this program does not have.
extern "C" const char* openblas_get_config() {
  ++times_asked;
  return "a BLAS of this test";
}

namespace co2net {
namespace {

using std::chrono::hours;

CacheKey key_of(int number) { return KeyBuilder("stage", 1).add("number", number).build(); }

Entry some_entry() { return {{{"frames", 3}}, std::string("a\0b", 3), {}}; }

std::set<fs::path> files_in(const fs::path& directory) {
  std::set<fs::path> files;
  for (const auto& file : fs::recursive_directory_iterator(directory)) {
    if (file.is_regular_file()) files.insert(file.path());
  }
  return files;
}

// As whoever may write into the cache could change it: the checksum is right.
void change_entry(const fs::path& entry, const std::string& from, const std::string& to) {
  std::string bytes = read_file(entry);
  XXH64_hash_t checksum = 0;
  bytes.resize(bytes.size() - sizeof checksum);
  bytes.replace(bytes.find(from), from.size(), to);
  checksum = XXH3_64bits(bytes.data(), bytes.size());
  write_file(entry, bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum));
}

void make_older(const fs::path& file, hours age) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - age);
}

// Until a file that was just written to is one whose times can be trusted.
void wait_until_old() { std::this_thread::sleep_for(std::chrono::milliseconds(2100)); }

class DiskCacheTest : public testing::Test {
 protected:
  Entry put_video(const CacheKey& key, const std::string& bytes) {
    return cache_.put_file(key, ".mkv", [&](const fs::path& path) {
      EXPECT_EQ(path.extension(), ".mkv");
      std::ofstream(path) << bytes;
      return Json{{"frames", 9}};
    });
  }

  std::set<fs::path> files() const { return files_in(cache_.directory() / "v1"); }

  TempDir dir_;
  DiskCache cache_{dir_.path() / "cache"};
};

TEST(CacheKey, ChangesWithEveryFieldAndNotWithTheirOrder) {
  const std::string base = KeyBuilder("s", 1).add("a", 1).add("b", 2).build().digest;
  EXPECT_EQ(KeyBuilder("s", 1).add("b", 2).add("a", 1).build().digest, base);
  const std::set<std::string> digests = {
      base,
      KeyBuilder("t", 1).add("a", 1).add("b", 2).build().digest,
      KeyBuilder("s", 2).add("a", 1).add("b", 2).build().digest,
      KeyBuilder("s", 1).add("a", 1).build().digest,
      KeyBuilder("s", 1).add("a", 1).add("b", 3).build().digest,
      KeyBuilder("s", 1).add("a", 1).add("b", "2").build().digest,
      KeyBuilder("s", 1).add("a", 1).add("c", 2).build().digest,
      KeyBuilder("s", 1).add("a", 1).add("b", 2).add("c", 3).build().digest,
  };
  EXPECT_EQ(digests.size(), 8u);
}

TEST(CacheKey, HoldsUpstreamKeysByTheirDigest) {
  const CacheKey key = KeyBuilder("s", 1).add("features", key_of(1)).build();
  EXPECT_EQ(key.document.at("features"), key_of(1).digest);
  EXPECT_EQ(key.digest, sha256(to_text(key.document)));
}

TEST(MachineIdentity, NamesInstructionSetsCompilerAndBlas) {
  const Json identity = machine_identity();
  EXPECT_EQ(identity, machine_identity());
  EXPECT_FALSE(identity.at("instruction_sets").empty());
  EXPECT_EQ(identity.at("instruction_sets"), decoding_machine().at("instruction_sets"));
  for (const char* field : {"compiler", "blas"}) EXPECT_TRUE(identity.at(field).is_string());
}

TEST(MachineIdentity, AsksTheBlasOnceForAllThreads) {
  EXPECT_EQ(machine_identity().at("blas"), "a BLAS of this test");
  machine_identity();
  EXPECT_EQ(times_asked, 1);
}

TEST(InstructionSets, DoNotChangeWithWhatElseAKernelTells) {
  const auto sets = [](const std::string& flags) {
    return instruction_sets("model name\t: Some avx512 CPU\nmicrocode\t: 0x1\nflags\t\t: " + flags +
                            "\n\nprocessor\t: 1\nflags\t\t: sse2 amx_tile\n");
  };
  const std::vector<std::string> expected = {"avx2", "fma", "sse2"};
  EXPECT_EQ(sets("fpu sse2 fma avx2"), expected);
  EXPECT_EQ(sets("fpu avx2 sse2 fma new_in_linux_9 ibpb"), expected);
  EXPECT_NE(sets("fpu sse2 avx2"), expected);
  EXPECT_EQ(instruction_sets("Features\t: fp asimd evtstrm sve"),
            (std::vector<std::string>{"asimd", "sve"}));
}

TEST_F(DiskCacheTest, GivesBackWhatWasPut) {
  EXPECT_FALSE(cache_.get(key_of(1)).has_value());
  cache_.put(key_of(1), some_entry());
  EXPECT_TRUE(cache_.contains(key_of(1)));
  EXPECT_FALSE(cache_.contains(key_of(2)));
  const auto entry = DiskCache(cache_.directory()).get(key_of(1));
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->info, some_entry().info);
  EXPECT_EQ(entry->bytes, some_entry().bytes);
  EXPECT_EQ(entry->file, fs::path());
  cache_.put(key_of(1), {Json::object(), "", {}});
  EXPECT_EQ(cache_.get(key_of(1))->bytes, "");
  cache_.remove(key_of(1));
  EXPECT_FALSE(cache_.contains(key_of(1)));
}

TEST_F(DiskCacheTest, TreatsEveryTruncationAsAMissAndDeletesTheEntry) {
  cache_.put(key_of(1), some_entry());
  const fs::path path = cache_.path_of(key_of(1));
  const std::string whole = read_file(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_file(path, whole.substr(0, size));
    EXPECT_FALSE(cache_.get(key_of(1)).has_value()) << size;
    EXPECT_FALSE(fs::exists(path)) << size;
  }
  write_file(path, whole + "x");
  EXPECT_FALSE(cache_.get(key_of(1)).has_value());
}

TEST_F(DiskCacheTest, TreatsEveryFlippedByteAsAMissAndDeletesTheEntry) {
  cache_.put(key_of(1), some_entry());
  const fs::path path = cache_.path_of(key_of(1));
  const std::string whole = read_file(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    write_file(path, damaged);
    EXPECT_FALSE(cache_.get(key_of(1)).has_value()) << at;
    EXPECT_FALSE(fs::exists(path)) << at;
  }
}

TEST_F(DiskCacheTest, TreatsOlderAndNewerFormatsAsMissesAndSaysSo) {
  for (const char version : {'\0', '\2'}) {
    cache_.put(key_of(1), some_entry());
    std::string bytes = read_file(cache_.path_of(key_of(1)));
    bytes[8] = version;  // behind the magic
    write_file(cache_.path_of(key_of(1)), bytes);
    const test::LogCapture log;
    EXPECT_FALSE(cache_.get(key_of(1)).has_value());
    EXPECT_NE(log.lines().find("unknown format version"), std::string::npos) << log.lines();
  }
}

TEST_F(DiskCacheTest, TreatsTheEntryOfAnotherKeyAsAMiss) {
  cache_.put(key_of(1), some_entry());
  const fs::path other = cache_.path_of(key_of(2));
  write_file(other, read_file(cache_.path_of(key_of(1))));
  EXPECT_FALSE(cache_.get(key_of(2)).has_value());
  EXPECT_FALSE(fs::exists(other));
  write_file(other, read_file(cache_.path_of(key_of(1))));
  EXPECT_EQ(cache_.verify(), std::vector<fs::path>{other});
  EXPECT_TRUE(cache_.get(key_of(1)).has_value());
}

TEST_F(DiskCacheTest, KeepsAFileBesideItsEntry) {
  const Entry put = put_video(key_of(1), "frames");
  const auto entry = cache_.get(key_of(1));
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->file, put.file);
  EXPECT_EQ(entry->info, (Json{{"frames", 9}}));
  EXPECT_EQ(read_file(entry->file), "frames");
  EXPECT_EQ(entry->file.parent_path(), cache_.path_of(key_of(1)).parent_path());
}

TEST_F(DiskCacheTest, MissesWhenTheFileBesideAnEntryIsDamagedOrGone) {
  for (const std::string damaged : {"framez", "frame", "frames!", ""}) {
    write_file(put_video(key_of(1), "frames").file, damaged);
    EXPECT_FALSE(cache_.get(key_of(1)).has_value()) << damaged;
    EXPECT_FALSE(cache_.contains(key_of(1))) << damaged;
  }
  fs::remove(put_video(key_of(1), "frames").file);
  EXPECT_FALSE(cache_.get(key_of(1)).has_value());
  const fs::path file = put_video(key_of(1), "frames").file;
  cache_.remove(key_of(1));
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(DiskCacheTest, MissesWhereAnEntryNamesAnotherFileThanItsOwn) {
  const fs::path file = put_video(key_of(1), "frames").file;
  const fs::path entry = cache_.path_of(key_of(1));
  const std::string name = file.filename();
  for (const std::string& other :
       {"../" + name.substr(3), "x" + name.substr(1), "/" + name.substr(1)}) {
    put_video(key_of(1), "frames");
    change_entry(entry, name, other);
    fs::copy_file(file, entry.parent_path() / other, fs::copy_options::overwrite_existing);
    EXPECT_FALSE(cache_.get(key_of(1)).has_value()) << other;
    fs::remove(entry.parent_path() / other);
  }
}

TEST_F(DiskCacheTest, CountsAnEntryWhoseStageIsNoTextAsDamaged) {
  cache_.put(key_of(1), some_entry());
  change_entry(cache_.path_of(key_of(1)), R"("stage":"stage")", R"("stage":[1,2,3])");
  EXPECT_EQ(cache_.usage_by_stage().at("damaged").entries, 1);
}

TEST_F(DiskCacheTest, KeepsNothingOfAFileWhoseWriterFails) {
  const auto fail = [](const fs::path& path) -> Json {
    write_file(path, "half");
    throw Error(ErrorKind::kInput, "broken");
  };
  EXPECT_THROW(cache_.put_file(key_of(1), ".mkv", fail), Error);
  EXPECT_FALSE(cache_.contains(key_of(1)));
  EXPECT_EQ(files_in(cache_.directory()), std::set<fs::path>());
}

TEST_F(DiskCacheTest, WorksWithoutKeepingWhereNothingCanBeWritten) {
  write_file(dir_.path() / "file", "x");
  for (const fs::path& directory :
       {dir_.path() / "file" / "cache", dir_.path() / std::string(300, 'n')}) {
    DiskCache cache(directory);
    cache.put(key_of(1), some_entry());
    EXPECT_FALSE(cache.get(key_of(1)).has_value());
    EXPECT_FALSE(cache.lock(key_of(1)).has_value());
    cache.remember("a.mp4", {{"stage", 1}});
    EXPECT_EQ(cache.history("a.mp4"), Json::object());
    EXPECT_EQ(cache.content_hash(OpenedFile(dir_.path() / "file")), sha256("x"));
    EXPECT_THROW(cache.put_file(key_of(1), ".mkv", [](const fs::path&) { return Json(); }), Error);
  }
}

// Calls `work` where the cache cannot be written to, not even by root; whether it says true.
bool read_only(const fs::path& directory, const std::function<bool()>& work) {
  const auto set_writable = [&](fs::perm_options how) {
    for (const auto& entry : fs::recursive_directory_iterator(directory.parent_path())) {
      fs::permissions(entry.path(), fs::perms::owner_write, how);
    }
  };
  fs::permissions(directory.parent_path(), fs::perms(0755));
  set_writable(fs::perm_options::remove);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    ::_exit(work() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  set_writable(fs::perm_options::add);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(DiskCacheTest, StillReadsWhereItMayNotWriteAndSaysOnceThatItKeepsNothing) {
  cache_.put(key_of(1), some_entry());
  const fs::path video = put_video(key_of(2), "frames").file;
  const std::set<fs::path> before = files();
  EXPECT_TRUE(read_only(cache_.directory(), [&] {
    const test::LogCapture log;
    DiskCache cache(cache_.directory());
    const bool reads = cache.get(key_of(1)) && read_file(cache.get(key_of(2))->file) == "frames";
    const bool keeps = cache.put(key_of(3), some_entry()) || cache.lock(key_of(3));
    const std::string lines = log.lines();
    return reads && !keeps && std::ranges::count(lines, '\n') == 1;
  }));
  EXPECT_EQ(files(), before);
}

TEST_F(DiskCacheTest, MissesAndDeletesNothingThatItMayNotRead) {
  cache_.put(key_of(1), some_entry());
  fs::permissions(cache_.path_of(key_of(1)), fs::perms::none);
  EXPECT_TRUE(read_only(cache_.directory(),
                        [&] { return !DiskCache(cache_.directory()).get(key_of(1)).has_value(); }));
  EXPECT_TRUE(cache_.contains(key_of(1)));
}

TEST_F(DiskCacheTest, LocksAKeyAndUnlocksIt) {
  {
    const auto lock = cache_.lock(key_of(1));
    EXPECT_TRUE(lock.has_value());
    EXPECT_TRUE(cache_.lock(key_of(2)).has_value());
  }
  EXPECT_TRUE(cache_.lock(key_of(1)).has_value());
}

TEST_F(DiskCacheTest, WaitsForALockNoLongerThanTheDeadline) {
  const auto held = cache_.lock(key_of(1));
  const Deadline deadline(std::chrono::milliseconds(1));
  test::expect_error(ErrorKind::kInput, {"timed out"}, [&] { cache_.lock(key_of(1), deadline); });
}

TEST_F(DiskCacheTest, KnowsAFilesHashUntilTheFileChanges) {
  const fs::path file = dir_.path() / "a.mp4";
  const auto hash = [&] { return cache_.content_hash(OpenedFile(file)); };
  const auto remembered = [&] { return cache_.usage_by_stage()["content"].entries; };
  write_file(file, "one");
  EXPECT_EQ(hash(), sha256("one"));
  EXPECT_EQ(remembered(), 0) << "it may be written to again at the same time";

  wait_until_old();
  EXPECT_EQ(hash(), sha256("one"));
  EXPECT_EQ(remembered(), 1);
  EXPECT_EQ(hash(), sha256("one"));
  EXPECT_EQ(remembered(), 1) << "it was hashed again";

  write_file(file, "two");
  EXPECT_EQ(hash(), sha256("two"));
}

TEST_F(DiskCacheTest, DistrustsTimesThatWereSetBack) {
  const fs::path file = dir_.path() / "a.mp4";
  const auto hash = [&] { return cache_.content_hash(OpenedFile(file)); };
  write_file(file, "one");
  make_older(file, hours(1));
  wait_until_old();
  const fs::file_time_type modified = fs::last_write_time(file);
  EXPECT_EQ(hash(), sha256("one"));
  std::ofstream(file) << "two";  // the same inode and size
  fs::last_write_time(file, modified);
  wait_until_old();
  EXPECT_EQ(hash(), sha256("two"));
}

TEST_F(DiskCacheTest, VerifyNamesAndDeletesDamagedEntriesOnly) {
  cache_.put(key_of(1), some_entry());
  cache_.put(key_of(2), some_entry());
  const fs::path video = put_video(key_of(3), "frames").file;
  EXPECT_TRUE(cache_.verify().empty());
  fs::resize_file(cache_.path_of(key_of(1)), 10);
  write_file(video, "framez");
  const std::vector<fs::path> damaged = cache_.verify();
  EXPECT_EQ(std::set<fs::path>(damaged.begin(), damaged.end()),
            (std::set<fs::path>{cache_.path_of(key_of(1)), cache_.path_of(key_of(3))}));
  EXPECT_FALSE(fs::exists(video));
  EXPECT_TRUE(cache_.get(key_of(2)).has_value());
}

TEST_F(DiskCacheTest, RemovesWhatKilledProcessesLeftWhenItIsOpened) {
  const Entry whole = put_video(key_of(1), "frames");
  const std::set<fs::path> before = files();
  test::be_killed_after([&] {  // in the middle of a file, and between a file and its entry
    const auto lock = cache_.lock(key_of(2));
    write_file(cache_.path_of(key_of(2)).replace_extension(".mkv"), "no entry");
    cache_.put_file(key_of(3), ".mkv", [](const fs::path&) -> Json { test::die(); });
  });
  EXPECT_EQ(files().size(), before.size() + 3);
  const DiskCache opened(cache_.directory());
  EXPECT_EQ(files(), before);
}

TEST_F(DiskCacheTest, LosesNoFileToProcessesThatDeleteBesideIt) {
  const auto use = [&] {
    for (int i = 0; i < 100; ++i) {
      const auto lock = cache_.lock(key_of(1));
      std::optional<Entry> entry = cache_.get(key_of(1));
      if (!entry) entry = put_video(key_of(1), "frames");
      EXPECT_EQ(read_file(entry->file), "frames");
    }
  };
  const auto is_over = [](const std::future<void>& user) {
    return user.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  std::future<void> users[] = {std::async(std::launch::async, use),
                               std::async(std::launch::async, use)};
  while (!std::ranges::all_of(users, is_over)) DiskCache(cache_.directory()).collect_garbage(0);
  for (std::future<void>& user : users) user.get();
}

TEST_F(DiskCacheTest, WritesIntoNoFileThatALinkAmongItsLocksLeadsTo) {
  cache_.put(key_of(1), some_entry());
  const fs::path precious = dir_.path() / "precious", locks = cache_.directory() / "v1/locks";
  write_file(precious, "mine");
  fs::create_directories(locks);
  fs::create_symlink(precious, locks / key_of(2).digest);
  const test::LogCapture log;
  DiskCache again(cache_.directory());
  EXPECT_FALSE(again.lock(key_of(2)).has_value());
  again.clear();
  EXPECT_EQ(read_file(precious), "mine");
}

TEST_F(DiskCacheTest, CollectsOldTemporariesOfEarlierVersions) {
  const fs::path entry = cache_.path_of(key_of(1));
  cache_.put(key_of(1), some_entry());
  const fs::path old = entry.parent_path() / ".tmp.old", fresh = entry.parent_path() / ".tmp.new";
  for (const fs::path& file : {old, fresh}) write_file(file, "x");
  make_older(old, hours(25));
  cache_.collect_garbage(1 << 20);
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh)) << "somebody may be writing it";
  EXPECT_TRUE(cache_.contains(key_of(1)));
}

class SharedCache : public DiskCacheTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << test::kNotRoot;
    for (const fs::path& path : {dir_.path(), cache_.directory()}) {
      fs::create_directories(path);
      fs::permissions(path, fs::perms::all);
    }
  }
  void open_folders_to_all() const {
    for (const auto& entry : fs::recursive_directory_iterator(cache_.directory())) {
      if (entry.is_directory()) fs::permissions(entry.path(), fs::perms::all);
    }
  }
};

TEST_F(SharedCache, DeletesNothingThatAnotherUserIsReading) {
  put_video(key_of(1), "frames");
  open_folders_to_all();
  const auto held = cache_.get(key_of(1));
  test::expect_as_nobody([&] { return DiskCache(cache_.directory()).clear().in_use.entries == 1; });
  EXPECT_TRUE(fs::exists(held->file));
}

TEST_F(SharedCache, IsUsedByAnotherUserWhileAKeyIsHeld) {
  cache_.put(key_of(1), some_entry());
  auto held = cache_.lock(key_of(2));
  open_folders_to_all();
  test::expect_as_nobody([&] {
    const test::LogCapture log;
    DiskCache theirs(cache_.directory());
    return theirs.get(key_of(1)).has_value() && theirs.put(key_of(3), some_entry()) &&
           log.lines().empty();
  });
  test::expect_as_nobody([&] {
    try {
      DiskCache(cache_.directory()).lock(key_of(2), Deadline(std::chrono::milliseconds(300)));
    } catch (const Error& e) {
      return e.kind() == ErrorKind::kInput;
    }
    return false;
  });
  held.reset();
  test::expect_as_nobody([&] { return DiskCache(cache_.directory()).lock(key_of(2)).has_value(); });
}

TEST_F(SharedCache, PassesOverFoldersThatMayNotBeRead) {
  cache_.put(key_of(1), some_entry());
  open_folders_to_all();
  fs::permissions(cache_.path_of(key_of(1)).parent_path(), fs::perms::none);
  test::expect_as_nobody([&] {
    DiskCache theirs(cache_.directory());
    theirs.clear();
    return theirs.verify().empty() && theirs.usage_by_stage().empty();
  });
  EXPECT_TRUE(cache_.contains(key_of(1)));
}

TEST_F(DiskCacheTest, CollectsFilesWhoseEntryWasNeverWritten) {
  const fs::path video = put_video(key_of(1), "frames").file;
  const fs::path without_entry = video.parent_path() / "abc.mkv";
  write_file(without_entry, "half");
  {
    const FileLock writer(cache_.directory() / "v1" / "locks" / "abc");
    cache_.collect_garbage(1 << 20);
    EXPECT_TRUE(fs::exists(without_entry));
  }
  EXPECT_EQ(cache_.collect_garbage(1 << 20).deleted.entries, 0);
  EXPECT_FALSE(fs::exists(without_entry));
  EXPECT_TRUE(cache_.get(key_of(1)).has_value());
}

TEST_F(DiskCacheTest, CollectsTheLeastRecentlyUsedDownToTheLimit) {
  for (int i = 0; i < 4; ++i) {
    cache_.put(key_of(i), {Json::object(), std::string(1000, 'x'), {}});
    make_older(cache_.path_of(key_of(i)), hours(10 - i));
  }
  ASSERT_TRUE(cache_.get(key_of(0)).has_value());  // now it is the most recently used
  const std::int64_t total = cache_.usage_by_stage().at("stage").bytes;
  const std::int64_t one = total / 4;
  EXPECT_EQ(cache_.collect_garbage(total).deleted.entries, 0);

  EXPECT_EQ(cache_.garbage_beyond(total).entries, 0);
  EXPECT_EQ(cache_.garbage_beyond(total - one - 1).entries, 2);
  EXPECT_EQ(cache_.garbage_beyond(total - one - 1).bytes, 2 * one);
  EXPECT_TRUE(cache_.contains(key_of(1)));

  const DiskCache::Usage removed = cache_.collect_garbage(total - one - 1).deleted;
  EXPECT_EQ(removed.entries, 2);
  EXPECT_EQ(removed.bytes, 2 * one);
  EXPECT_TRUE(cache_.contains(key_of(0)));
  EXPECT_FALSE(cache_.contains(key_of(1)));
  EXPECT_FALSE(cache_.contains(key_of(2)));
  EXPECT_TRUE(cache_.contains(key_of(3)));
}

TEST_F(DiskCacheTest, CountsAndCollectsTheFilesBesideEntries) {
  const fs::path video = put_video(key_of(1), std::string(5000, 'x')).file;
  const DiskCache::Usage usage = cache_.usage_by_stage().at("stage");
  EXPECT_EQ(usage.entries, 1);
  EXPECT_GT(usage.bytes, 5000);
  EXPECT_EQ(cache_.collect_garbage(0).deleted.bytes, usage.bytes);
  EXPECT_FALSE(fs::exists(video));
}

TEST_F(DiskCacheTest, ClearsWhatItPutThereAndNothingElse) {
  cache_.put(key_of(1), some_entry());
  cache_.remember("a.mp4", {{"stage", 1}});
  write_file(cache_.directory() / "notes.txt", "mine");
  cache_.clear();
  EXPECT_EQ(files_in(cache_.directory()), (std::set<fs::path>{cache_.directory() / "CACHEDIR.TAG",
                                                              cache_.directory() / "notes.txt"}));
  EXPECT_EQ(cache_.history("a.mp4"), Json::object());
  cache_.put(key_of(1), some_entry());
  EXPECT_TRUE(cache_.get(key_of(1)).has_value());
}

TEST_F(DiskCacheTest, LeavesAFileThatIsBeingRead) {
  Entry entry = put_video(key_of(1), "frames");
  for (int time = 0; time < 2; ++time) {  // from put_file(), then from get()
    EXPECT_EQ(cache_.collect_garbage(0).in_use.entries, 1);
    EXPECT_EQ(cache_.clear().in_use.entries, 1);
    EXPECT_EQ(read_file(entry.file), "frames");
    entry = *DiskCache(cache_.directory()).get(key_of(1));
  }
  entry = {};
  EXPECT_EQ(cache_.clear().deleted.entries, 1);
  EXPECT_EQ(files(), std::set<fs::path>());
}

TEST_F(DiskCacheTest, LeavesWhatIsBeingComputedAndItsCheckpoints) {
  const auto lock = cache_.lock(key_of(1));
  const CacheKey checkpoint = KeyBuilder("checkpoint", 1).add("of", key_of(1)).build();
  for (const CacheKey& key : {key_of(1), checkpoint, key_of(2)}) cache_.put(key, some_entry());
  const DiskCache::Collected collected = cache_.collect_garbage(0);
  EXPECT_EQ(collected.in_use.entries, 2);
  EXPECT_EQ(collected.deleted.entries, 1);
  EXPECT_FALSE(cache_.contains(key_of(2)));
  fs::resize_file(cache_.path_of(key_of(1)), 10);
  EXPECT_TRUE(cache_.verify().empty()) << "it is about to be written anew";
}

TEST_F(DiskCacheTest, LeavesWhatIsBeingWritten) {
  const Entry put = cache_.put_file(key_of(1), ".mkv", [&](const fs::path& path) {
    std::ofstream(path) << "frames";
    DiskCache other(cache_.directory());
    other.verify();
    other.collect_garbage(0);
    other.clear();
    return Json::object();
  });
  EXPECT_EQ(read_file(put.file), "frames");
}

TEST_F(DiskCacheTest, IsTaggedAsACacheForBackupProgramsOnceItKeepsSomething) {
  EXPECT_FALSE(fs::exists(cache_.directory())) << "to read it is no reason";
  EXPECT_FALSE(DiskCache::is_at(cache_.directory()));
  cache_.put(key_of(1), some_entry());
  EXPECT_TRUE(DiskCache::is_at(cache_.directory()));
  EXPECT_TRUE(read_file(cache_.directory() / "CACHEDIR.TAG")
                  .starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
}

TEST_F(DiskCacheTest, RemembersTheLastDocumentsOfASubject) {
  EXPECT_EQ(cache_.history("a.mp4"), Json::object());
  cache_.remember("a.mp4", {{"features", {{"bound", 20}}}});
  cache_.remember("b.mp4", {{"features", {{"bound", 15}}}});
  EXPECT_EQ(DiskCache(cache_.directory()).history("a.mp4"), (Json{{"features", {{"bound", 20}}}}));
}

TEST(DefaultCacheDirectory, FollowsTheEnvironment) {
  ::setenv("HOME", "/home/x", 1);
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(default_cache_directory(), "/xdg/co2net");
  ::setenv("XDG_CACHE_HOME", "relative", 1);  // which the standard says to ignore
  EXPECT_EQ(default_cache_directory(), "/home/x/.cache/co2net");
  ::unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(default_cache_directory(), "/home/x/.cache/co2net");
  ::unsetenv("HOME");
  test::expect_error(ErrorKind::kUsage, {"HOME", "--cache", "--no-cache"},
                     [] { default_cache_directory(); });
}

}  // namespace
}  // namespace co2net
