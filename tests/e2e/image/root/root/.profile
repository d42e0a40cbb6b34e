# SPDX-License-Identifier: GPL-3.0-or-later
# debian_guest.py types commands and looks for what they print, nothing else.
export PS1= PS2= LC_ALL=C
set +m # says nothing of jobs that end
stty -echo -onlcr
echo "A shell is ready on $(tty)"
