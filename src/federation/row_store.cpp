#include "federation/row_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"

namespace medpfl {

RowStore::RowStore(int64_t row, int64_t memory_bytes, std::string folder)
    : row_(row),
      most_in_memory_(row == 0 ? 0 : memory_bytes / (row * static_cast<int64_t>(sizeof(float)))),
      folder_(std::move(folder)) {}

RowStore::~RowStore() {
  if (file_ >= 0) ::close(file_);
}

void RowStore::fail(const char* what) const {
  throw OutputError(
      fmt::format("cannot {} the scratch file of hospitals' states in {}: {}; make "
                  "room there, or raise federation.state_memory",
                  what, folder_, std::strerror(errno)));
}

void RowStore::open_file() {
  std::string name = folder_ + "/scratch.XXXXXX";
  file_ = ::mkstemp(name.data());
  if (file_ < 0) fail("make");
  ::unlink(name.c_str());
  ::fcntl(file_, F_SETFD, FD_CLOEXEC);
}

void RowStore::read(int64_t key, float* out) const {
  const auto found = slots_.find(key);
  if (found == slots_.end()) {
    std::fill_n(out, row_, 0.0F);
    return;
  }
  const int64_t slot = found->second;
  if (slot < most_in_memory_) {
    std::copy_n(in_memory_[static_cast<size_t>(slot)].data(), row_, out);
    return;
  }
  auto* to = reinterpret_cast<char*>(out);
  for (int64_t done = 0; done < row_bytes();) {
    const auto left = static_cast<size_t>(row_bytes() - done);
    const ssize_t n = ::pread(file_, to + done, left, offset(slot) + done);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) fail("read");
    done += n;
  }
}

void RowStore::write(int64_t key, const float* in) {
  const auto slot = slots_.emplace(key, static_cast<int64_t>(slots_.size())).first->second;
  if (slot < most_in_memory_) {
    if (slot == static_cast<int64_t>(in_memory_.size())) in_memory_.emplace_back();
    in_memory_[static_cast<size_t>(slot)].assign(in, in + row_);
    return;
  }
  if (file_ < 0) open_file();
  const auto* from = reinterpret_cast<const char*>(in);
  for (int64_t done = 0; done < row_bytes();) {
    const auto left = static_cast<size_t>(row_bytes() - done);
    const ssize_t n = ::pwrite(file_, from + done, left, offset(slot) + done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("write");
    done += n;
  }
}

std::vector<int64_t> RowStore::keys() const {
  std::vector<int64_t> out;
  for (const auto& [key, slot] : slots_) out.push_back(key);
  return out;
}

int64_t RowStore::bytes_in_memory() const {
  return static_cast<int64_t>(in_memory_.size()) * row_bytes();
}

int64_t RowStore::bytes_in_file() const {
  return static_cast<int64_t>(slots_.size()) * row_bytes() - bytes_in_memory();
}

}  // namespace medpfl
