#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace co2net {

// What flow needs of a GPU's interface, OpenCL's or CUDA's, for one source of kernels. Whatever
// fails there is an Error(kInternal) that names the device and what it was doing.

// Memory of a device, and a kernel's argument like any other.
using GpuMemory = std::uint64_t;

struct GpuArgument {
  const void* value;
  std::size_t size;
};

// Work-items of all three axes in a group, and groups.
using GpuExtent = std::array<unsigned, 3>;

// Work that is done one after another, while the caller goes on. Belongs to one thread at a time.
// What is read and written must stay in its place until the stream has been waited for; the end of
// the stream waits, and gives its memory back.
class GpuStream {
 public:
  virtual ~GpuStream() = default;

  // Filled with zeros; none where there is not enough.
  virtual std::optional<GpuMemory> allocate(std::size_t bytes) = 0;
  virtual void free(GpuMemory memory) = 0;

  virtual void write(GpuMemory to, std::size_t offset, const void* from, std::size_t bytes) = 0;
  virtual void read(GpuMemory from, std::size_t offset, void* to, std::size_t bytes) = 0;
  virtual void launch(const char* kernel, GpuExtent groups, GpuExtent group_size,
                      const std::vector<GpuArgument>& arguments) = 0;

  // A point in the stream, and a wait for what came before it. Each is waited for once, in order.
  virtual void mark() = 0;
  virtual void wait_for_oldest_mark() = 0;
};

class GpuDevice {
 public:
  virtual ~GpuDevice() = default;

  virtual const std::string& name() const = 0;  // "opencl:0 (NVIDIA A2, driver 535.1)"
  virtual std::size_t memory_bytes() const = 0;
  virtual std::size_t largest_allocation() const = 0;
  // Safe to call from several threads.
  virtual std::unique_ptr<GpuStream> open_stream() = 0;
};

}  // namespace co2net
