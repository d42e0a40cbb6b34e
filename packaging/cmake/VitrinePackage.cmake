# SPDX-License-Identifier: GPL-3.0-or-later
# `cpack -G DEB`: the Debian package (packaging/debian/README.md).

# Who signed the latest change answers for the package.
file(STRINGS ${CMAKE_SOURCE_DIR}/packaging/debian/changelog VITRINE_MAINTAINER REGEX "^ -- .*>" LIMIT_COUNT 1)
string(REGEX REPLACE "^ -- (.*>).*" "\\1" VITRINE_MAINTAINER "${VITRINE_MAINTAINER}")
set(VITRINE_DOCUMENTS ${CMAKE_BINARY_DIR}/debian)
file(MAKE_DIRECTORY ${VITRINE_DOCUMENTS})
execute_process(COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/packaging/debian/changelog
  OUTPUT_FILE ${VITRINE_DOCUMENTS}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/debian/copyright ${VITRINE_DOCUMENTS}/changelog.gz
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/vitrine)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vitrine)
set(CPACK_PACKAGE_CONTACT "${VITRINE_MAINTAINER}")
set(CPACK_STRIP_FILES ON)
# DESTDIR keeps the prefix true while the files are put together: the bus's service file names it.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "run other operating systems in windows of their own")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Drop a disc image on the window, press Enter, and the guest runs in a window
of its own. The virtual machine monitor is Vitrine's own, on KVM or on a
software CPU.")
# What dpkg-shlibdeps cannot see: imports of QML, a plugin for icons, files read at run time.
string(JOIN ", " CPACK_DEBIAN_PACKAGE_DEPENDS
  libqt6svg6 osinfo-db seabios qml6-module-qtqml qml6-module-qtqml-models qml6-module-qtqml-workerscript
  qml6-module-qtquick qml6-module-qtquick-controls qml6-module-qtquick-dialogs qml6-module-qtquick-layouts
  qml6-module-qtquick-shapes qml6-module-qtquick-templates qml6-module-qtquick-window
  qml6-module-qt-labs-folderlistmodel qml6-module-qtcore)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "default-dbus-session-bus | dbus-session-bus, ovmf, qemu-utils, qt6-wayland")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "passt")
include(CPack)

find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
add_test(NAME install.package COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/e2e/package.py ${CMAKE_BINARY_DIR})
set_tests_properties(install.package PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77)
add_test(NAME install.tree COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/e2e/installed.py ${CMAKE_BINARY_DIR})
set_tests_properties(install.tree PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77
  ENVIRONMENT "VITRINE_ACCEL=soft;PYTHONDONTWRITEBYTECODE=1;PYTHONUNBUFFERED=1")
# Both write what is installed, on its way, into the build folder.
set_tests_properties(install.package install.tree PROPERTIES RESOURCE_LOCK install)
