#include "pipeline/formats/zip_archive.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "tests/unit/expect_error.h"
#include "tests/unit/zip_of.h"

namespace co2net {
namespace {

using namespace std::string_literals;

using test::little_endian;
using test::zip_of;

void expect_refused(std::string_view bytes, const std::string& why) {
  test::expect_error(ErrorKind::kInput, {"x: ", why}, [&] { ZipArchive(bytes, "x"); });
}

// Pages of memory, of which those in the middle end the program where they are read.
class HollowPages {
 public:
  explicit HollowPages(std::size_t readable_at_end)
      : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
        end_((readable_at_end + page_ - 1) / page_ * page_),
        size_(page_ + kHollow + end_),
        bytes_(::mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    EXPECT_NE(bytes_, MAP_FAILED);
    for (const auto& [at, size] : {std::pair(std::size_t{0}, page_), {size_ - end_, end_}}) {
      EXPECT_EQ(::mprotect(data() + at, size, PROT_READ | PROT_WRITE), 0);
    }
  }
  HollowPages(const HollowPages&) = delete;
  HollowPages& operator=(const HollowPages&) = delete;
  ~HollowPages() { ::munmap(bytes_, size_); }

  char* data() const { return static_cast<char*>(bytes_); }
  std::string_view bytes() const { return {data(), size_}; }

 private:
  static constexpr std::size_t kHollow = 1 << 20;
  std::size_t page_, end_, size_;
  void* bytes_;
};

TEST(ZipArchive, LooksForItsEndOnlyWhereOneMayBe) {
  const HollowPages pages(22 + 0xffff);
  std::memcpy(pages.data(), "PK\3\4", 4);
  expect_refused(pages.bytes(), "a zip archive without its end");
}

TEST(ZipArchive, EndsBeforeTheLongestCommentAndBeforeNoLongerOne) {
  std::string archive = zip_of({{"a", "x"}});
  archive.resize(archive.size() - 2);
  archive += "\xff\xff" + std::string(0xffff, 'c');
  EXPECT_EQ(ZipArchive(archive, "x").entries().size(), 1u);
  expect_refused(archive + "c", "without its end");
}

// An archive of one entry whose ZIP64 records claim `entries`.
std::string zip64_of(std::uint64_t entries) {
  std::string archive = zip_of({{"a", "x"}});
  const std::size_t directory = archive.find("PK\1\2"), end = archive.find("PK\5\6");
  const std::string count = little_endian(entries, 8);
  const std::string end64 = "PK\6\6"s + little_endian(44, 8) + std::string(12, '\0') + count +
                            count + little_endian(end - directory, 8) + little_endian(directory, 8);
  const std::string locator =
      "PK\6\7"s + little_endian(0, 4) + little_endian(end, 8) + little_endian(1, 4);
  return archive.insert(end, end64 + locator);
}

TEST(ZipArchive, TakesNoMemoryForEntriesThatItHasNoBytesFor) {
  const std::string one = zip64_of(1);
  EXPECT_EQ(ZipArchive(one, "x").entries().size(), 1u);
  expect_refused(zip64_of(std::uint64_t{1} << 40), "damaged zip archive");
}

}  // namespace
}  // namespace co2net
