#include "applets.h"
int applet_status(int c,char**v){(void)c;(void)v;return 0;}
int applet_ps(int c,char**v){(void)c;(void)v;return 0;}
