#include "h5/file.hpp"

namespace medpfl::h5 {

std::vector<std::string> File::names(const std::string& group) const {
  Handle opened(H5Gopen2(id_, group.c_str(), H5P_DEFAULT), H5Gclose, "open", where(group));
  H5G_info_t info;
  check(H5Gget_info(opened, &info), "list", where(group));
  std::vector<std::string> out;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto by_place = [&](char* name, size_t size) {
      const ssize_t length =
          H5Lget_name_by_idx(opened, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, size, H5P_DEFAULT);
      check(length < 0 ? -1 : 0, "list", where(group));
      return static_cast<size_t>(length);
    };
    std::string name(by_place(nullptr, 0), '\0');
    by_place(name.data(), name.size() + 1);
    out.push_back(name);
  }
  return out;
}

namespace {

void add_datasets(const File& file, const std::string& group, std::vector<std::string>* out) {
  std::vector<std::string> groups;
  for (const std::string& name : file.names(group.empty() ? "/" : group)) {
    const std::string path = group + "/" + name;
    H5L_info_t link;
    check(H5Lget_info(file.id(), path.c_str(), &link, H5P_DEFAULT), "list", path);
    if (link.type != H5L_TYPE_HARD) continue;
    const Handle object(H5Oopen(file.id(), path.c_str(), H5P_DEFAULT), H5Oclose, "open", path);
    (H5Iget_type(object) == H5I_DATASET ? *out : groups).push_back(path);
  }
  for (const std::string& path : groups) add_datasets(file, path, out);
}

}  // namespace

std::vector<std::string> File::datasets() const {
  std::vector<std::string> out;
  add_datasets(*this, "", &out);
  return out;
}

}  // namespace medpfl::h5
