#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/error.hpp"

namespace medpfl {

/// Appends plain values, text and arrays to a byte buffer, for messages between ranks of one job.
/// State that goes to a file is kept by an Archive instead.
class ByteWriter {
 public:
  template <class T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  template <class T>
  void array(const T* data, int64_t n) {
    static_assert(std::is_trivially_copyable_v<T>);
    value(n);
    if (n > 0)
      bytes_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(n) * sizeof(T));
  }
  template <class T>
  void array(const std::vector<T>& data) {
    array(data.data(), static_cast<int64_t>(data.size()));
  }
  void text(const std::string& s) { array(s.data(), static_cast<int64_t>(s.size())); }
  void texts(const std::vector<std::string>& list) {
    value(static_cast<int64_t>(list.size()));
    for (const std::string& s : list) text(s);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads back, in the same order, what a ByteWriter wrote.
class ByteReader {
 public:
  explicit ByteReader(const std::string& bytes) : bytes_(bytes) {}

  template <class T>
  T value() {
    T v{};
    copy(&v, sizeof v);
    return v;
  }
  template <class T>
  std::vector<T> array() {
    std::vector<T> out(static_cast<size_t>(value<int64_t>()));
    copy(out.data(), out.size() * sizeof(T));
    return out;
  }
  /// Reads an array of known length into memory that the caller owns.
  template <class T>
  void array_into(T* out, int64_t n) {
    if (value<int64_t>() != n)
      throw Error(ExitCode::kInternal, "a message has an unexpected length");
    copy(out, static_cast<size_t>(n) * sizeof(T));
  }
  std::string text() {
    const std::vector<char> chars = array<char>();
    return std::string(chars.begin(), chars.end());
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out(static_cast<size_t>(value<int64_t>()));
    for (std::string& s : out) s = text();
    return out;
  }
  bool done() const { return at_ == bytes_.size(); }

 private:
  void copy(void* out, size_t n) {
    if (bytes_.size() - at_ < n) throw Error(ExitCode::kInternal, "a message ends too early");
    if (n != 0) std::memcpy(out, bytes_.data() + at_, n);
    at_ += n;
  }
  const std::string& bytes_;
  size_t at_ = 0;
};

}  // namespace medpfl
