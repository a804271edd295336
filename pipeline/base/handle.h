#pragma once

namespace co2net {

// For std::unique_ptr of what a library in C frees by a function of its own, FreeOf by one that
// takes T*, FreeAt by one that takes T**: std::unique_ptr<T, FreeOf<free_t>>.
template <auto Free>
struct FreeOf {
  template <class T>
  void operator()(T* handle) const noexcept {
    Free(handle);
  }
};

template <auto Free>
struct FreeAt {
  template <class T>
  void operator()(T* handle) const noexcept {
    Free(&handle);
  }
};

}  // namespace co2net
