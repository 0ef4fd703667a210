#include "core/archive.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <functional>
#include <numeric>

#include "core/error.hpp"

namespace medpfl {

std::string Archive::write(const Keep& keep) {
  Archive archive;
  keep(archive);
  return std::move(archive.out_);
}

void Archive::read(std::string_view bytes, const ArchiveOrigin& origin, const Keep& keep) {
  Archive archive;
  archive.reader_.emplace(bytes, origin);
  keep(archive);
  archive.reader_->close();
}

int64_t Archive::version(int64_t newest) {
  int64_t version = newest;
  (*this)("version", &version);
  if (reading()) reader_->check_version(version, newest);
  return version;
}

template <class T>
void Archive::put(const T& value) {
  out_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Returns where the content starts, behind its length, which end() fills in.
size_t Archive::begin(const char* name, ArchiveKind kind) {
  const size_t length = std::strlen(name);
  if (length > UINT8_MAX) throw Error(ExitCode::kInternal, "the name of an entry is too long");
  put(kind);
  put(static_cast<uint8_t>(length));
  out_.append(name, length);
  put(int64_t{0});
  return out_.size();
}

void Archive::end(size_t at) {
  const auto length = static_cast<int64_t>(out_.size() - at);
  std::memcpy(out_.data() + at - sizeof length, &length, sizeof length);
}

void Archive::group(const char* name, const Keep& keep) {
  if (reading()) {
    reader_->open(name, ArchiveKind::kGroup);
    keep(*this);
    reader_->close();
    return;
  }
  const size_t at = begin(name, ArchiveKind::kGroup);
  keep(*this);
  end(at);
}

void Archive::list(const char* name, const std::function<void(size_t)>& keep) {
  if (reading()) {
    reader_->open(name, ArchiveKind::kList);
    keep(reader_->size());
    reader_->close();
    return;
  }
  const size_t at = begin(name, ArchiveKind::kList);
  keep(0);
  end(at);
}

void Archive::operator()(const char* name, std::string* text) {
  if (reading()) {
    *text = reader_->text(name);
    return;
  }
  const size_t at = begin(name, ArchiveKind::kText);
  out_ += *text;
  end(at);
}

void Archive::numbers(const char* name, ArchiveKind kind, size_t size,
                      const std::vector<int64_t>& shape, void* values) {
  if (reading()) {
    reader_->numbers(name, kind, size, shape, values);
    return;
  }
  const int64_t count =
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  const size_t at = begin(name, kind);
  put(static_cast<uint8_t>(shape.size()));
  for (const int64_t extent : shape) put(extent);
  if (count != 0) out_.append(static_cast<const char*>(values), static_cast<size_t>(count) * size);
  end(at);
}

int64_t Archive::length(const char* name, ArchiveKind kind, size_t size) {
  const std::vector<int64_t> shape = reader_->shape(name, kind, size);
  if (shape.size() != 1)
    reader_->fail("has an entry '" + std::string(name) + "' that is no array of one axis");
  return shape.front();
}

void Archive::operator()(const char* name, at::Tensor* tensor) {
  if (reading()) {
    const ArchiveKind kind = reader_->kind(name);
    if (kind == ArchiveKind::kNothing) {
      reader_->nothing(name);
      *tensor = at::Tensor();
      return;
    }
    const bool bytes = kind == ArchiveKind::kUint8;
    const std::vector<int64_t> shape =
        bytes ? reader_->shape(name, kind, sizeof(uint8_t))
              : reader_->shape(name, ArchiveKind::kFloat32, sizeof(float));
    *tensor = at::empty(shape, bytes ? at::kByte : at::kFloat);
  } else if (!tensor->defined()) {
    end(begin(name, ArchiveKind::kNothing));
    return;
  }
  const at::Tensor data = tensor->contiguous();
  if (data.scalar_type() == at::kByte)
    numbers(name, ArchiveKind::kUint8, sizeof(uint8_t), data.sizes().vec(),
            data.data_ptr<uint8_t>());
  else
    numbers(name, ArchiveKind::kFloat32, sizeof(float), data.sizes().vec(), data.data_ptr<float>());
}

}  // namespace medpfl
