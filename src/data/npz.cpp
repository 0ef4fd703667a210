#include "data/npz.hpp"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/file_faults.hpp"

namespace medpfl {
namespace {

constexpr const char* kSuffix = ".npy";

[[noreturn]] void refuse_archive(const std::string& where, const std::string& reason) {
  throw DataError(fmt::format("cannot read {}: {}; fetch the file again", where, reason));
}

}  // namespace

void NpzMember::Close::operator()(zip_file* file) const { zip_fclose(file); }
void NpzArchive::Close::operator()(zip* archive) const { zip_discard(archive); }

void NpzMember::read(void* out, size_t bytes) {
  auto* to = static_cast<char*>(out);
  while (bytes > 0) {
    const zip_int64_t got = zip_fread(file_.get(), to, bytes);
    if (got < 0) refuse_archive(header_.where, zip_file_strerror(file_.get()));
    if (got == 0)
      refuse_archive(header_.where, fmt::format("the array ends {} bytes early", bytes));
    to += got;
    bytes -= static_cast<size_t>(got);
  }
}

void NpzMember::finish() {
  char extra = 0;
  // libzip compares the checksum when it meets the end.
  const zip_int64_t got = zip_fread(file_.get(), &extra, 1);
  if (got < 0) refuse_archive(header_.where, zip_file_strerror(file_.get()));
  if (got > 0) refuse_archive(header_.where, "the array goes on after its last element");
}

NpzArchive::NpzArchive(const std::string& path) : path_(path) {
  int code = 0;
  archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive_) return;
  refuse_unreadable_data(path);
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  refuse_archive(fmt::format("'{}'", path), reason);
}

std::vector<std::string> NpzArchive::keys() const {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* raw = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0);
    std::string name = raw == nullptr ? "" : raw;
    if (name.size() > 4 && name.compare(name.size() - 4, 4, kSuffix) == 0)
      names.push_back(name.substr(0, name.size() - 4));
  }
  return names;
}

bool NpzArchive::has(const std::string& key) const {
  return zip_name_locate(archive_.get(), (key + kSuffix).c_str(), 0) >= 0;
}

NpzMember NpzArchive::open(const std::string& key) const {
  NpzMember member;
  member.header_.where = fmt::format("'{}':{}", path_, key);
  zip_stat_t stat;
  const std::string name = key + kSuffix;
  if (zip_stat(archive_.get(), name.c_str(), 0, &stat) != 0)
    refuse_archive(member.header_.where, zip_strerror(archive_.get()));
  member.file_.reset(zip_fopen(archive_.get(), name.c_str(), 0));
  if (!member.file_) refuse_archive(member.header_.where, zip_strerror(archive_.get()));
  member.header_ = read_npy_header([&member](void* out, size_t bytes) { member.read(out, bytes); },
                                   member.header_.where);
  const NpyHeader& header = member.header_;
  const int64_t expected = header.header_bytes + header.count() * header.item_bytes;
  if ((stat.valid & ZIP_STAT_SIZE) != 0 && stat.size != static_cast<zip_uint64_t>(expected))
    refuse_archive(member.header_.where,
                   fmt::format("it has {} bytes, its shape {} and dtype {} need {}", stat.size,
                               header.shape_text(), header.descr, expected));
  return member;
}

}  // namespace medpfl
