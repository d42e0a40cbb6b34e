<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="es_ES">
<context>
    <name>AboutSheet</name>
    <message>
        <source>About Vitrine</source>
        <translation>Acerca de Vitrine</translation>
    </message>
    <message>
        <source>Version %1</source>
        <translation>Versión %1</translation>
    </message>
    <message>
        <source>Virtual machines for the desktop: drop a disc image, get a guest. Free software under the GNU General Public License, version 3 or later.</source>
        <translation>Máquinas virtuales para el escritorio: suelte una imagen de disco y tendrá un sistema en marcha. Software libre bajo la Licencia Pública General de GNU, versión 3 o posterior.</translation>
    </message>
</context>
<context>
    <name>ActionButton</name>
    <message>
        <source>Not available now</source>
        <translation>No disponible ahora</translation>
    </message>
</context>
<context>
    <name>AmountRow</name>
    <message>
        <source>%1, typed</source>
        <translation>%1, escrito</translation>
    </message>
</context>
<context>
    <name>AppPreferences</name>
    <message>
        <source>Folders with machines</source>
        <translation>Carpetas con máquinas</translation>
    </message>
    <message>
        <source>Removing a folder from this list leaves its machines where they are.</source>
        <translation>Al quitar una carpeta de esta lista, sus máquinas se quedan donde están.</translation>
    </message>
    <message>
        <source>New machines are kept here</source>
        <translation>Las máquinas nuevas se guardan aquí</translation>
    </message>
    <message>
        <source>Remove %1 from the list</source>
        <translation>Quitar %1 de la lista</translation>
    </message>
    <message>
        <source>Another folder</source>
        <translation>Otra carpeta</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Añadir</translation>
    </message>
    <message>
        <source>Add a folder with machines</source>
        <translation>Añadir una carpeta con máquinas</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>Descargas</translation>
    </message>
    <message>
        <source>Delete what was downloaded</source>
        <translation>Eliminar lo descargado</translation>
    </message>
    <message>
        <source>Delete what was downloaded?</source>
        <translation>¿Eliminar lo descargado?</translation>
    </message>
    <message>
        <source>Machines keep working. What you need again is downloaded again.</source>
        <translation>Las máquinas siguen funcionando. Lo que vuelva a necesitarse se descargará de nuevo.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Eliminar</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>Eliminar…</translation>
    </message>
</context>
<context>
    <name>BarButton</name>
    <message>
        <source>Not available now</source>
        <translation>No disponible ahora</translation>
    </message>
</context>
<context>
    <name>BootPage</name>
    <message>
        <source>All of this takes effect at the next start.</source>
        <translation>Todo esto se aplica en el próximo arranque.</translation>
    </message>
    <message>
        <source>Starts from</source>
        <translation>Arranca desde</translation>
    </message>
    <message>
        <source>CD first</source>
        <translation>Primero el CD</translation>
    </message>
    <message>
        <source>Disk first</source>
        <translation>Primero el disco</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>Menú</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>Firmware</translation>
    </message>
    <message>
        <source>A system that is installed starts only with the firmware it was installed with.</source>
        <translation>Un sistema instalado solo arranca con el firmware con el que se instaló.</translation>
    </message>
    <message>
        <source>BIOS</source>
        <translation>BIOS</translation>
    </message>
    <message>
        <source>UEFI</source>
        <translation>UEFI</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Archivo</translation>
    </message>
    <message>
        <source>Start a kernel instead</source>
        <translation>Arrancar un núcleo en su lugar</translation>
    </message>
    <message>
        <source>For kernels you build yourself. The firmware then does not choose what to start.</source>
        <translation>Para núcleos compilados por uno mismo. El firmware no elige entonces qué arrancar.</translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation>Núcleo</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Ninguno</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Quitar</translation>
    </message>
    <message>
        <source>Remove the kernel</source>
        <translation>Quitar el núcleo</translation>
    </message>
    <message>
        <source>Choose</source>
        <translation>Elegir</translation>
    </message>
    <message>
        <source>Choose a kernel</source>
        <translation>Elegir un núcleo</translation>
    </message>
    <message>
        <source>Initial ramdisk</source>
        <translation>Disco RAM inicial</translation>
    </message>
    <message>
        <source>Remove the initial ramdisk</source>
        <translation>Quitar el disco RAM inicial</translation>
    </message>
    <message>
        <source>Choose an initial ramdisk</source>
        <translation>Elegir un disco RAM inicial</translation>
    </message>
    <message>
        <source>What the kernel is told</source>
        <translation>Parámetros del núcleo</translation>
    </message>
    <message>
        <source>Choose a firmware file</source>
        <translation>Elegir un archivo de firmware</translation>
    </message>
</context>
<context>
    <name>CardActions</name>
    <message>
        <source>Pause</source>
        <translation>Pausar</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Más</translation>
    </message>
</context>
<context>
    <name>CaseButton</name>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
</context>
<context>
    <name>CataloguePage</name>
    <message>
        <source>Search systems</source>
        <translation>Buscar sistemas</translation>
    </message>
    <message>
        <source>Systems</source>
        <translation>Sistemas</translation>
    </message>
    <message>
        <source>Reading the catalogue</source>
        <translation>Leyendo el catálogo</translation>
    </message>
    <message>
        <source>No system is called “%1”</source>
        <translation>Ningún sistema se llama «%1»</translation>
    </message>
</context>
<context>
    <name>CheckRow</name>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
</context>
<context>
    <name>ClosingPage</name>
    <message>
        <source>When its window is closed</source>
        <translation>Al cerrar su ventana</translation>
    </message>
    <message>
        <source>Changes take effect now.</source>
        <translation>Los cambios se aplican ahora.</translation>
    </message>
    <message>
        <source>Keep running</source>
        <translation>Seguir en marcha</translation>
    </message>
    <message>
        <source>The machine goes on without a window.</source>
        <translation>La máquina sigue sin ventana.</translation>
    </message>
    <message>
        <source>Suspend</source>
        <translation>Suspender</translation>
    </message>
    <message>
        <source>It is saved and goes on where it was when you open it again.</source>
        <translation>Se guarda y continúa donde estaba al abrirla de nuevo.</translation>
    </message>
    <message>
        <source>Shut down</source>
        <translation>Apagar</translation>
    </message>
    <message>
        <source>The guest is asked to shut down.</source>
        <translation>Se pide al sistema invitado que se apague.</translation>
    </message>
    <message>
        <source>Throw it away</source>
        <translation>Desecharla</translation>
    </message>
    <message>
        <source>The machine is deleted when its window is closed.</source>
        <translation>La máquina se elimina al cerrar su ventana.</translation>
    </message>
    <message>
        <source>Throw it away when its window is closed</source>
        <translation>Desecharla al cerrar su ventana</translation>
    </message>
</context>
<context>
    <name>CollectionActions</name>
    <message>
        <source>Open</source>
        <translation>Abrir</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Reanudar</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Reiniciar</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Iniciar</translation>
    </message>
    <message>
        <source>“%1” is in use. Shut it down before you delete it.</source>
        <translation>«%1» está en uso. Apáguela antes de eliminarla.</translation>
    </message>
    <message>
        <source>Edit configuration</source>
        <translation>Editar la configuración</translation>
    </message>
</context>
<context>
    <name>ConfigPage</name>
    <message>
        <source>Configuration of the machine</source>
        <translation>Configuración de la máquina</translation>
    </message>
    <message>
        <source>Somebody else changed it meanwhile. Saving replaces that; reverting shows it.</source>
        <translation>Alguien la cambió mientras tanto. Al guardar se reemplaza; al revertir se muestra.</translation>
    </message>
    <message>
        <source>Changed. The old text is kept beside it when you save.</source>
        <translation>Modificada. Al guardar, el texto anterior se conserva al lado.</translation>
    </message>
    <message>
        <source>Saved, and nothing is changed.</source>
        <translation>Guardada y sin cambios.</translation>
    </message>
    <message>
        <source>Revert</source>
        <translation>Revertir</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Guardar</translation>
    </message>
</context>
<context>
    <name>ConfirmDialog</name>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
</context>
<context>
    <name>DevicesPage</name>
    <message>
        <source>All of this takes effect at the next start.</source>
        <translation>Todo esto se aplica en el próximo arranque.</translation>
    </message>
    <message>
        <source>Serial port</source>
        <translation>Puerto serie</translation>
    </message>
    <message>
        <source>As the configuration says.</source>
        <translation>Como dice la configuración.</translation>
    </message>
    <message>
        <source>Nothing is connected.</source>
        <translation>No hay nada conectado.</translation>
    </message>
    <message>
        <source>Nothing</source>
        <translation>Nada</translation>
    </message>
    <message>
        <source>Terminal</source>
        <translation>Terminal</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>Otro</translation>
    </message>
    <message>
        <source>Random numbers of this computer</source>
        <translation>Números aleatorios de este equipo</translation>
    </message>
    <message>
        <source>The guest need not wait for good random numbers.</source>
        <translation>El sistema invitado no tiene que esperar a tener buenos números aleatorios.</translation>
    </message>
    <message>
        <source>Tell the guest that it is a copy</source>
        <translation>Decir al sistema invitado que es una copia</translation>
    </message>
    <message>
        <source>A cloned or resumed system then makes new keys and random numbers.</source>
        <translation>Un sistema clonado o reanudado crea entonces claves y números aleatorios nuevos.</translation>
    </message>
    <message>
        <source>A terminal device of this computer is the other end. The log says which.</source>
        <translation>El otro extremo es un terminal de este equipo. El registro dice cuál.</translation>
    </message>
</context>
<context>
    <name>DiskRow</name>
    <message>
        <source>%1. %2.</source>
        <translation>%1. %2.</translation>
    </message>
    <message>
        <source>New size of %1</source>
        <translation>Nuevo tamaño de %1</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>Ampliar</translation>
    </message>
    <message>
        <source>Grow %1</source>
        <translation>Ampliar %1</translation>
    </message>
    <message>
        <source>Detach %1</source>
        <translation>Desconectar %1</translation>
    </message>
</context>
<context>
    <name>DropOverlay</name>
    <message>
        <source>Drop to insert this disc</source>
        <translation>Suelte para insertar este disco</translation>
    </message>
    <message>
        <source>Only one disc image, such as an .iso file, can be inserted</source>
        <translation>Solo se puede insertar una imagen de disco, como un archivo .iso</translation>
    </message>
</context>
<context>
    <name>DropVeil</name>
    <message>
        <source>Drop to make a machine of it</source>
        <translation>Suelte para crear una máquina</translation>
    </message>
    <message>
        <source>Drop to add it to the library</source>
        <translation>Suelte para añadirlo a la biblioteca</translation>
    </message>
</context>
<context>
    <name>EmptyPage</name>
    <message>
        <source>Drop a disc image here</source>
        <translation>Suelte aquí una imagen de disco</translation>
    </message>
    <message>
        <source>An installer, a disk of another program, an appliance or a web address: Vitrine looks at it and proposes a machine. Press Enter to start it.</source>
        <translation>Un instalador, un disco de otro programa, una appliance o una dirección web: Vitrine lo examina y propone una máquina. Pulse Intro para iniciarla.</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>Elegir un archivo…</translation>
    </message>
    <message>
        <source>Download a system…</source>
        <translation>Descargar un sistema…</translation>
    </message>
</context>
<context>
    <name>EndingVeil</name>
    <message>
        <source>Suspending…</source>
        <translation>Suspendiendo…</translation>
    </message>
    <message>
        <source>The guest does not react</source>
        <translation>El sistema invitado no responde</translation>
    </message>
    <message>
        <source>Shutting down…</source>
        <translation>Apagando…</translation>
    </message>
    <message>
        <source>How much of the machine is saved</source>
        <translation>Cuánto de la máquina se ha guardado</translation>
    </message>
    <message>
        <source>The machine goes on from here when you open it again.</source>
        <translation>La máquina continuará desde aquí al abrirla de nuevo.</translation>
    </message>
    <message>
        <source>It was asked to shut down a minute ago. It may still be busy, or wait for an answer on its screen.</source>
        <translation>Hace un minuto se le pidió que se apagara. Puede que siga ocupado o que espere una respuesta en su pantalla.</translation>
    </message>
    <message>
        <source>The guest was asked to shut down. The window closes when it is off.</source>
        <translation>Se pidió al sistema invitado que se apagara. La ventana se cerrará cuando lo haga.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
    <message>
        <source>Back to the guest</source>
        <translation>Volver al sistema invitado</translation>
    </message>
    <message>
        <source>Force off…</source>
        <translation>Forzar apagado…</translation>
    </message>
</context>
<context>
    <name>ExpressFields</name>
    <message>
        <source>Full name</source>
        <translation>Nombre completo</translation>
    </message>
    <message>
        <source>User name</source>
        <translation>Nombre de usuario</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>Contraseña</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Idioma</translation>
    </message>
    <message>
        <source>Keyboard</source>
        <translation>Teclado</translation>
    </message>
    <message>
        <source>Time zone</source>
        <translation>Zona horaria</translation>
    </message>
    <message>
        <source>Product key</source>
        <translation>Clave de producto</translation>
    </message>
</context>
<context>
    <name>FailurePage</name>
    <message>
        <source>The machine could not be started</source>
        <translation>No se pudo iniciar la máquina</translation>
    </message>
    <message>
        <source>Hide details</source>
        <translation>Ocultar detalles</translation>
    </message>
    <message>
        <source>Show details</source>
        <translation>Mostrar detalles</translation>
    </message>
    <message>
        <source>Start afresh</source>
        <translation>Empezar de cero</translation>
    </message>
    <message>
        <source>What was suspended is given up</source>
        <translation>Se descarta lo que estaba suspendido</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Cerrar</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Detalles</translation>
    </message>
</context>
<context>
    <name>GraphTile</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>Measuring</source>
        <translation>Midiendo</translation>
    </message>
</context>
<context>
    <name>GroupBar</name>
    <message>
        <source>Groups</source>
        <translation>Grupos</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Todas</translation>
    </message>
</context>
<context>
    <name>GroupsSheet</name>
    <message>
        <source>Groups</source>
        <translation>Grupos</translation>
    </message>
    <message>
        <source>New group</source>
        <translation>Grupo nuevo</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Añadir</translation>
    </message>
</context>
<context>
    <name>GuestBar</name>
    <message>
        <source>Machine</source>
        <translation>Máquina</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Reanudar</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pausar</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Reiniciar</translation>
    </message>
    <message>
        <source>Power</source>
        <translation>Encendido</translation>
    </message>
    <message>
        <source>Send keys</source>
        <translation>Enviar teclas</translation>
    </message>
    <message>
        <source>Disc: %1</source>
        <translation>Disco óptico: %1</translation>
    </message>
    <message>
        <source>Disc</source>
        <translation>Disco óptico</translation>
    </message>
    <message>
        <source>Take a screenshot</source>
        <translation>Hacer una captura de pantalla</translation>
    </message>
    <message>
        <source>Press Ctrl+Alt to release the pointer</source>
        <translation>Pulse Ctrl+Alt para liberar el puntero</translation>
    </message>
    <message>
        <source>Leave full screen</source>
        <translation>Salir de pantalla completa</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Pantalla completa</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Enter</source>
        <translation>Ctrl+Alt+Intro</translation>
    </message>
    <message>
        <source>Shut down</source>
        <translation>Apagar</translation>
    </message>
    <message>
        <source>Suspend and close</source>
        <translation>Suspender y cerrar</translation>
    </message>
    <message>
        <source>Force off…</source>
        <translation>Forzar apagado…</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Del</source>
        <translation>Ctrl+Alt+Supr</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Backspace</source>
        <translation>Ctrl+Alt+Retroceso</translation>
    </message>
    <message>
        <source>Print Screen</source>
        <translation>Impr Pant</translation>
    </message>
    <message>
        <source>Type the clipboard&apos;s text (Ctrl+Alt+V)</source>
        <translation>Escribir el texto del portapapeles (Ctrl+Alt+V)</translation>
    </message>
    <message>
        <source>Ctrl+Alt+F1 to F12</source>
        <translation>Ctrl+Alt+F1 a F12</translation>
    </message>
    <message>
        <source>Ctrl+Alt+F%1</source>
        <translation>Ctrl+Alt+F%1</translation>
    </message>
    <message>
        <source>No disc inserted</source>
        <translation>No hay disco insertado</translation>
    </message>
    <message>
        <source>Change disc…</source>
        <translation>Cambiar disco…</translation>
    </message>
    <message>
        <source>Insert disc…</source>
        <translation>Insertar disco…</translation>
    </message>
    <message>
        <source>Eject</source>
        <translation>Expulsar</translation>
    </message>
</context>
<context>
    <name>GuestPortsPanel</name>
    <message>
        <source>The guest listens on</source>
        <translation>El sistema invitado escucha en</translation>
    </message>
    <message>
        <source>Usual TCP ports only, asked of the machine itself while this page is open.</source>
        <translation>Solo puertos TCP habituales; se pregunta a la propia máquina mientras esta página está abierta.</translation>
    </message>
    <message>
        <source>On this computer: %1</source>
        <translation>En este equipo: %1</translation>
    </message>
    <message>
        <source>Forward</source>
        <translation>Redirigir</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>Copiar la dirección</translation>
    </message>
    <message>
        <source>Forward port %1 of the machine</source>
        <translation>Redirigir el puerto %1 de la máquina</translation>
    </message>
    <message>
        <source>Copy the address %1</source>
        <translation>Copiar la dirección %1</translation>
    </message>
</context>
<context>
    <name>GuestWindow</name>
    <message>
        <source>Vitrine</source>
        <translation>Vitrine</translation>
    </message>
    <message>
        <source>Screen of the machine</source>
        <translation>Pantalla de la máquina</translation>
    </message>
    <message>
        <source>Screen of %1</source>
        <translation>Pantalla de %1</translation>
    </message>
    <message>
        <source>All keys go to the machine; press Ctrl+Alt to get them back</source>
        <translation>Todas las teclas van a la máquina; pulse Ctrl+Alt para recuperarlas</translation>
    </message>
    <message>
        <source>The machine is off</source>
        <translation>La máquina está apagada</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Cerrar</translation>
    </message>
    <message>
        <source>Press Ctrl+Alt to release the pointer</source>
        <translation>Pulse Ctrl+Alt para liberar el puntero</translation>
    </message>
    <message>
        <source>Restart the machine?</source>
        <translation>¿Reiniciar la máquina?</translation>
    </message>
    <message>
        <source>It restarts at once, as if its reset button were pressed. What is not saved inside it is lost.</source>
        <translation>Se reinicia de inmediato, como si se pulsara su botón de reinicio. Lo que no esté guardado en ella se pierde.</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Reiniciar</translation>
    </message>
    <message>
        <source>Turn the machine off by force?</source>
        <translation>¿Forzar el apagado de la máquina?</translation>
    </message>
    <message>
        <source>Its power is cut at once. What is not saved inside it is lost.</source>
        <translation>Se le corta la corriente de inmediato. Lo que no esté guardado en ella se pierde.</translation>
    </message>
    <message>
        <source>Force off</source>
        <translation>Forzar apagado</translation>
    </message>
    <message>
        <source>Close the window and turn the machine off?</source>
        <translation>¿Cerrar la ventana y apagar la máquina?</translation>
    </message>
    <message>
        <source>The machine lives in this window. What is not saved inside it is lost.</source>
        <translation>La máquina vive en esta ventana. Lo que no esté guardado en ella se pierde.</translation>
    </message>
    <message>
        <source>Turn off</source>
        <translation>Apagar</translation>
    </message>
    <message>
        <source>Insert a disc</source>
        <translation>Insertar un disco</translation>
    </message>
    <message>
        <source>Disc images (*.iso *.img *.cdr)</source>
        <translation>Imágenes de disco (*.iso *.img *.cdr)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Todos los archivos (*)</translation>
    </message>
</context>
<context>
    <name>HostCheckPage</name>
    <message>
        <source>Checking this computer</source>
        <translation>Comprobando este equipo</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Comprobar de nuevo</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>Copiar el informe</translation>
    </message>
</context>
<context>
    <name>HostKeys</name>
    <message>
        <source>Keys this computer keeps</source>
        <translation>Teclas que conserva este equipo</translation>
    </message>
    <message>
        <source>All other keys go to the machine while its window has the keyboard.</source>
        <translation>Las demás teclas van a la máquina mientras su ventana tiene el teclado.</translation>
    </message>
    <message>
        <source>Give %1 to machines</source>
        <translation>Dar %1 a las máquinas</translation>
    </message>
    <message>
        <source>Press the keys</source>
        <translation>Pulse las teclas</translation>
    </message>
    <message>
        <source>Another combination</source>
        <translation>Otra combinación</translation>
    </message>
    <message>
        <source>Escape gives up</source>
        <translation>Esc cancela</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Añadir</translation>
    </message>
    <message>
        <source>Add a combination of keys</source>
        <translation>Añadir una combinación de teclas</translation>
    </message>
</context>
<context>
    <name>JobsButton</name>
    <message>
        <source>Tasks under way</source>
        <translation>Tareas en curso</translation>
    </message>
</context>
<context>
    <name>JobsPopup</name>
    <message>
        <source>Tasks under way</source>
        <translation>Tareas en curso</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
    <message>
        <source>Cancel: %1</source>
        <translation>Cancelar: %1</translation>
    </message>
</context>
<context>
    <name>KeepDialog</name>
    <message>
        <source>Keep this machine?</source>
        <translation>¿Conservar esta máquina?</translation>
    </message>
    <message>
        <source>It was started to try it, and is deleted unless you keep it.</source>
        <translation>Se inició para probarla y se eliminará si no se conserva.</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Conservar</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Eliminar</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Cancelar</translation>
    </message>
</context>
<context>
    <name>LibraryHeader</name>
    <message>
        <source>New machine</source>
        <translation>Máquina nueva</translation>
    </message>
    <message>
        <source>Ctrl+N</source>
        <translation>Ctrl+N</translation>
    </message>
    <message>
        <source>New machine (%1)</source>
        <translation>Máquina nueva (%1)</translation>
    </message>
    <message>
        <source>Search machines</source>
        <translation>Buscar máquinas</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Buscar</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>Borrar la búsqueda</translation>
    </message>
    <message>
        <source>Sort and groups</source>
        <translation>Orden y grupos</translation>
    </message>
    <message>
        <source>View</source>
        <translation>Vista</translation>
    </message>
    <message>
        <source>Cards</source>
        <translation>Tarjetas</translation>
    </message>
    <message>
        <source>List</source>
        <translation>Lista</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>Menú</translation>
    </message>
</context>
<context>
    <name>LibraryOverlays</name>
    <message>
        <source>Download a system</source>
        <translation>Descargar un sistema</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Este equipo</translation>
    </message>
    <message>
        <source>Preferences of Vitrine</source>
        <translation>Preferencias de Vitrine</translation>
    </message>
    <message>
        <source>Quit while something is under way?</source>
        <translation>¿Salir con tareas en curso?</translation>
    </message>
    <message>
        <source>It is given up. Close the window instead, and it goes on without the window.</source>
        <translation>Se abandonará. Si en cambio se cierra la ventana, continuará sin ella.</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Salir</translation>
    </message>
</context>
<context>
    <name>LibraryWindow</name>
    <message>
        <source>Vitrine</source>
        <translation>Vitrine</translation>
    </message>
    <message>
        <source>“%1” is in the trash</source>
        <translation>«%1» está en la papelera</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Deshacer</translation>
    </message>
</context>
<context>
    <name>LogsPage</name>
    <message>
        <source>Log of the machine</source>
        <translation>Registro de la máquina</translation>
    </message>
    <message>
        <source>Nothing was written yet</source>
        <translation>Aún no se ha escrito nada</translation>
    </message>
    <message>
        <source>Read again</source>
        <translation>Volver a leer</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Copiar</translation>
    </message>
    <message>
        <source>Copy the log</source>
        <translation>Copiar el registro</translation>
    </message>
</context>
<context>
    <name>MachineCard</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>MachineGrid</name>
    <message>
        <source>Machines</source>
        <translation>Máquinas</translation>
    </message>
</context>
<context>
    <name>MachineList</name>
    <message>
        <source>Machines</source>
        <translation>Máquinas</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Nombre</translation>
    </message>
    <message>
        <source>System</source>
        <translation>Sistema</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Estado</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Memoria</translation>
    </message>
    <message>
        <source>On disk</source>
        <translation>En disco</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>Último uso</translation>
    </message>
</context>
<context>
    <name>MachineMenu</name>
    <message>
        <source>Pause</source>
        <translation>Pausar</translation>
    </message>
    <message>
        <source>Restart…</source>
        <translation>Reiniciar…</translation>
    </message>
    <message>
        <source>Suspend</source>
        <translation>Suspender</translation>
    </message>
    <message>
        <source>Shut down</source>
        <translation>Apagar</translation>
    </message>
    <message>
        <source>Force off…</source>
        <translation>Forzar apagado…</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Cambiar el nombre</translation>
    </message>
    <message>
        <source>Groups…</source>
        <translation>Grupos…</translation>
    </message>
    <message>
        <source>Clone</source>
        <translation>Clonar</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Exportar…</translation>
    </message>
    <message>
        <source>Move…</source>
        <translation>Mover…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Eliminar</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Preferencias</translation>
    </message>
</context>
<context>
    <name>MachineRow</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Más</translation>
    </message>
    <message>
        <source>More about %1</source>
        <translation>Más sobre %1</translation>
    </message>
</context>
<context>
    <name>MainMenu</name>
    <message>
        <source>Preferences of Vitrine</source>
        <translation>Preferencias de Vitrine</translation>
    </message>
    <message>
        <source>Check this computer</source>
        <translation>Comprobar este equipo</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Atajos de teclado</translation>
    </message>
    <message>
        <source>About Vitrine</source>
        <translation>Acerca de Vitrine</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Salir</translation>
    </message>
</context>
<context>
    <name>MediaPage</name>
    <message>
        <source>The guest sees the change at once.</source>
        <translation>El sistema invitado ve el cambio de inmediato.</translation>
    </message>
    <message>
        <source>No disc</source>
        <translation>Sin disco</translation>
    </message>
    <message>
        <source>CD and DVD drive</source>
        <translation>Unidad de CD y DVD</translation>
    </message>
    <message>
        <source>Eject</source>
        <translation>Expulsar</translation>
    </message>
    <message>
        <source>Eject %1</source>
        <translation>Expulsar %1</translation>
    </message>
    <message>
        <source>Insert</source>
        <translation>Insertar</translation>
    </message>
    <message>
        <source>Insert a disc</source>
        <translation>Insertar un disco</translation>
    </message>
    <message>
        <source>This machine has no drive for discs</source>
        <translation>Esta máquina no tiene unidad de CD</translation>
    </message>
    <message>
        <source>Disc images (*.iso *.img *.cdr)</source>
        <translation>Imágenes de disco (*.iso *.img *.cdr)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Todos los archivos (*)</translation>
    </message>
</context>
<context>
    <name>MediaSheet</name>
    <message>
        <source>The download goes on in the background; the machine opens when it is done.</source>
        <translation>La descarga continúa en segundo plano; la máquina se abre al terminar.</translation>
    </message>
    <message>
        <source>%1, from %2</source>
        <translation>%1, de %2</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>Descargar</translation>
    </message>
    <message>
        <source>Download %1</source>
        <translation>Descargar %1</translation>
    </message>
</context>
<context>
    <name>NameEdit</name>
    <message>
        <source>New name of %1</source>
        <translation>Nuevo nombre de %1</translation>
    </message>
</context>
<context>
    <name>NetworkPage</name>
    <message>
        <source>Connection</source>
        <translation>Conexión</translation>
    </message>
    <message>
        <source>The machine uses this computer&apos;s connection and is not seen from outside.</source>
        <translation>La máquina usa la conexión de este equipo y no se ve desde fuera.</translation>
    </message>
    <message>
        <source>No network.</source>
        <translation>Sin red.</translation>
    </message>
    <message>
        <source>NAT</source>
        <translation>NAT</translation>
    </message>
    <message>
        <source>passt</source>
        <translation>passt</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Ninguna</translation>
    </message>
    <message>
        <source>Tap</source>
        <translation>Tap</translation>
    </message>
    <message>
        <source>Cable plugged in</source>
        <translation>Cable conectado</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Ahora</translation>
    </message>
    <message>
        <source>Cut off from the internet</source>
        <translation>Sin acceso a internet</translation>
    </message>
    <message>
        <source>Only forwarded ports work.</source>
        <translation>Solo funcionan los puertos redirigidos.</translation>
    </message>
    <message>
        <source>Only forwarded ports work. At next start.</source>
        <translation>Solo funcionan los puertos redirigidos. En el próximo arranque.</translation>
    </message>
    <message>
        <source>Choose passt&apos;s socket</source>
        <translation>Elegir el socket de passt</translation>
    </message>
    <message>
        <source>This computer has no tap interface. An administrator makes one with: %1</source>
        <translation>Este equipo no tiene ninguna interfaz tap. Quien lo administra crea una con: %1</translation>
    </message>
    <message>
        <source>The machine is seen in the network that the interface belongs to.</source>
        <translation>La máquina se ve en la red a la que pertenece la interfaz.</translation>
    </message>
    <message>
        <source>Interface</source>
        <translation>Interfaz</translation>
    </message>
</context>
<context>
    <name>NewMachineSheet</name>
    <message>
        <source>New machine</source>
        <translation>Máquina nueva</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Nombre</translation>
    </message>
    <message>
        <source>Name of the machine</source>
        <translation>Nombre de la máquina</translation>
    </message>
    <message>
        <source>Just try it</source>
        <translation>Solo probarlo</translation>
    </message>
    <message>
        <source>Starts from the disc without a disk. The machine is gone when its window is closed, unless you keep it.</source>
        <translation>Arranca del CD sin disco duro. La máquina desaparece al cerrar su ventana, salvo que se conserve.</translation>
    </message>
    <message>
        <source>Express install</source>
        <translation>Instalación exprés</translation>
    </message>
    <message>
        <source>Answers the installer&apos;s questions for you; come back when it is done.</source>
        <translation>Responde a las preguntas del instalador; basta con volver cuando termine.</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>Firmware</translation>
    </message>
    <message>
        <source>BIOS</source>
        <translation>BIOS</translation>
    </message>
    <message>
        <source>UEFI</source>
        <translation>UEFI</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>Crear</translation>
    </message>
</context>
<context>
    <name>NewMenu</name>
    <message>
        <source>Open a file…</source>
        <translation>Abrir un archivo…</translation>
    </message>
    <message>
        <source>Download a system…</source>
        <translation>Descargar un sistema…</translation>
    </message>
    <message>
        <source>Empty machine…</source>
        <translation>Máquina vacía…</translation>
    </message>
    <message>
        <source>Add a folder with machines…</source>
        <translation>Añadir una carpeta con máquinas…</translation>
    </message>
</context>
<context>
    <name>NoMatchPage</name>
    <message>
        <source>No machine is in “%1”</source>
        <translation>No hay máquinas en «%1»</translation>
    </message>
    <message>
        <source>Nothing found for “%1”</source>
        <translation>No se encontró nada para «%1»</translation>
    </message>
    <message>
        <source>Show all machines</source>
        <translation>Mostrar todas las máquinas</translation>
    </message>
</context>
<context>
    <name>OverviewPage</name>
    <message>
        <source>The machine stopped unexpectedly</source>
        <translation>La máquina se detuvo inesperadamente</translation>
    </message>
    <message>
        <source>Processors</source>
        <translation>Procesadores</translation>
    </message>
    <message>
        <source>Memory of this computer</source>
        <translation>Memoria de este equipo</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>Discos</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Red</translation>
    </message>
    <message>
        <source>When it runs</source>
        <translation>Cuando está en marcha</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Memoria</translation>
    </message>
</context>
<context>
    <name>PageList</name>
    <message>
        <source>Pages</source>
        <translation>Páginas</translation>
    </message>
</context>
<context>
    <name>PageSheet</name>
    <message>
        <source>Close</source>
        <translation>Cerrar</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
</context>
<context>
    <name>PauseVeil</name>
    <message>
        <source>Resume</source>
        <translation>Reanudar</translation>
    </message>
    <message>
        <source>The machine is paused</source>
        <translation>La máquina está en pausa</translation>
    </message>
</context>
<context>
    <name>Pickers</name>
    <message>
        <source>Add a folder with machines</source>
        <translation>Añadir una carpeta con máquinas</translation>
    </message>
    <message>
        <source>Move the machine to a folder</source>
        <translation>Mover la máquina a una carpeta</translation>
    </message>
    <message>
        <source>Open an installer, a disk, an appliance or a machine</source>
        <translation>Abrir un instalador, un disco, una appliance o una máquina</translation>
    </message>
    <message>
        <source>Everything Vitrine knows (%1)</source>
        <translation>Todo lo que Vitrine conoce (%1)</translation>
    </message>
    <message>
        <source>All files (%1)</source>
        <translation>Todos los archivos (%1)</translation>
    </message>
    <message>
        <source>Export as one file</source>
        <translation>Exportar como un solo archivo</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Añadir</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>Mover</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Exportar</translation>
    </message>
</context>
<context>
    <name>PortPanel</name>
    <message>
        <source>Ports</source>
        <translation>Puertos</translation>
    </message>
    <message>
        <source>Forwards are opened and closed at once.</source>
        <translation>Las redirecciones se abren y se cierran de inmediato.</translation>
    </message>
    <message>
        <source>%1 to %2, %3</source>
        <translation>%1 a %2, %3</translation>
    </message>
    <message>
        <source>Other computers may connect</source>
        <translation>Otros equipos pueden conectarse</translation>
    </message>
    <message>
        <source>This computer only</source>
        <translation>Solo este equipo</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Abierto</translation>
    </message>
    <message>
        <source>Remove the forward of port %1</source>
        <translation>Quitar la redirección del puerto %1</translation>
    </message>
    <message>
        <source>Add a forward</source>
        <translation>Añadir una redirección</translation>
    </message>
    <message>
        <source>Port of this computer</source>
        <translation>Puerto de este equipo</translation>
    </message>
    <message>
        <source>Here</source>
        <translation>Aquí</translation>
    </message>
    <message>
        <source>Port of the machine</source>
        <translation>Puerto de la máquina</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>Máquina</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protocolo</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Añadir</translation>
    </message>
    <message>
        <source>Add the forward</source>
        <translation>Añadir la redirección</translation>
    </message>
    <message>
        <source>Let other computers connect</source>
        <translation>Permitir la conexión de otros equipos</translation>
    </message>
    <message>
        <source>For the next forward you add. Everybody on your network can reach it.</source>
        <translation>Para la próxima redirección. Cualquiera en su red puede usarla.</translation>
    </message>
    <message>
        <source>Log in by SSH</source>
        <translation>Iniciar sesión por SSH</translation>
    </message>
    <message>
        <source>Copy ssh command</source>
        <translation>Copiar la orden ssh</translation>
    </message>
</context>
<context>
    <name>PreferencesWindow</name>
    <message>
        <source>Overview</source>
        <translation>Resumen</translation>
    </message>
    <message>
        <source>Resources</source>
        <translation>Recursos</translation>
    </message>
    <message>
        <source>Media</source>
        <translation>Discos ópticos</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Red</translation>
    </message>
    <message>
        <source>Boot and firmware</source>
        <translation>Arranque y firmware</translation>
    </message>
    <message>
        <source>Closing</source>
        <translation>Cierre</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>Registros</translation>
    </message>
    <message>
        <source>Edit configuration</source>
        <translation>Editar la configuración</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Preferencias</translation>
    </message>
    <message>
        <source>Preferences of %1</source>
        <translation>Preferencias de %1</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>Página</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Dispositivos</translation>
    </message>
</context>
<context>
    <name>Question</name>
    <message>
        <source>Take the power from “%1”?</source>
        <translation>¿Cortar la corriente a «%1»?</translation>
    </message>
    <message>
        <source>Restart “%1”?</source>
        <translation>¿Reiniciar «%1»?</translation>
    </message>
    <message>
        <source>It stops at once. What was not saved in it is lost.</source>
        <translation>Se detiene de inmediato. Lo que no se haya guardado en ella se pierde.</translation>
    </message>
    <message>
        <source>The machine is reset without asking the system in it. What was not saved in it is lost.</source>
        <translation>La máquina se reinicia sin preguntar a su sistema. Lo que no se haya guardado en ella se pierde.</translation>
    </message>
    <message>
        <source>Force off</source>
        <translation>Forzar apagado</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>Reiniciar</translation>
    </message>
</context>
<context>
    <name>ResourcesPage</name>
    <message>
        <source>Give unused memory back</source>
        <translation>Devolver la memoria sin usar</translation>
    </message>
    <message>
        <source>The guest returns what it does not need. At next start.</source>
        <translation>El sistema invitado devuelve lo que no necesita. En el próximo arranque.</translation>
    </message>
    <message>
        <source>The guest returns what it does not need.</source>
        <translation>El sistema invitado devuelve lo que no necesita.</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>Discos</translation>
    </message>
    <message>
        <source>A disk only grows; what is on it stays. A disk that is detached keeps its file.</source>
        <translation>Un disco solo crece; su contenido se conserva. Un disco desconectado conserva su archivo.</translation>
    </message>
    <message>
        <source>Add a disk</source>
        <translation>Añadir un disco</translation>
    </message>
    <message>
        <source>Size of the new disk</source>
        <translation>Tamaño del disco nuevo</translation>
    </message>
    <message>
        <source>20 GiB</source>
        <translation>20 GiB</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Añadir</translation>
    </message>
    <message>
        <source>Add a disk of %1</source>
        <translation>Añadir un disco de %1</translation>
    </message>
    <message>
        <source>A system with virtio drivers sees changes at once, others at the next start.</source>
        <translation>Un sistema con controladores virtio ve los cambios de inmediato; los demás, en el próximo arranque.</translation>
    </message>
    <message>
        <source>Disks change when the machine is started anew.</source>
        <translation>Los discos cambian cuando la máquina se inicia de nuevo.</translation>
    </message>
    <message>
        <source>Detach “%1”?</source>
        <translation>¿Desconectar «%1»?</translation>
    </message>
    <message>
        <source>The machine no longer has this disk. Its file stays where it is, with all that is on it.</source>
        <translation>La máquina deja de tener este disco. Su archivo se queda donde está, con todo lo que contiene.</translation>
    </message>
    <message>
        <source>Detach</source>
        <translation>Desconectar</translation>
    </message>
</context>
<context>
    <name>Sheet</name>
    <message>
        <source>Close</source>
        <translation>Cerrar</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
</context>
<context>
    <name>ShortcutsSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Atajos de teclado</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>Biblioteca</translation>
    </message>
    <message>
        <source>New machine</source>
        <translation>Máquina nueva</translation>
    </message>
    <message>
        <source>Open a file</source>
        <translation>Abrir un archivo</translation>
    </message>
    <message>
        <source>Search, or just type</source>
        <translation>Buscar, o simplemente escribir</translation>
    </message>
    <message>
        <source>Cards, list</source>
        <translation>Tarjetas, lista</translation>
    </message>
    <message>
        <source>Ctrl+1, Ctrl+2</source>
        <translation>Ctrl+1, Ctrl+2</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Salir</translation>
    </message>
    <message>
        <source>The chosen machine</source>
        <translation>La máquina elegida</translation>
    </message>
    <message>
        <source>Start or open</source>
        <translation>Iniciar o abrir</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Intro</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Cambiar el nombre</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Eliminar</translation>
    </message>
    <message>
        <source>Del</source>
        <translation>Supr</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Preferencias</translation>
    </message>
    <message>
        <source>Alt+Enter</source>
        <translation>Alt+Intro</translation>
    </message>
    <message>
        <source>Everything else</source>
        <translation>Todo lo demás</translation>
    </message>
    <message>
        <source>Menu, Shift+F10</source>
        <translation>Menú, Mayús+F10</translation>
    </message>
    <message>
        <source>In a machine&apos;s window</source>
        <translation>En la ventana de una máquina</translation>
    </message>
    <message>
        <source>Release keyboard and pointer</source>
        <translation>Liberar teclado y puntero</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Pantalla completa</translation>
    </message>
    <message>
        <source>Ctrl+Alt+Enter</source>
        <translation>Ctrl+Alt+Intro</translation>
    </message>
    <message>
        <source>Ctrl+N</source>
        <translation>Ctrl+N</translation>
    </message>
    <message>
        <source>Ctrl+O</source>
        <translation>Ctrl+O</translation>
    </message>
    <message>
        <source>Ctrl+F</source>
        <translation>Ctrl+F</translation>
    </message>
    <message>
        <source>Ctrl+?</source>
        <translation>Ctrl+?</translation>
    </message>
    <message>
        <source>Ctrl+Q</source>
        <translation>Ctrl+Q</translation>
    </message>
    <message>
        <source>F2</source>
        <translation>F2</translation>
    </message>
    <message>
        <source>Ctrl+Alt</source>
        <translation>Ctrl+Alt</translation>
    </message>
    <message>
        <source>Take the last deletion back</source>
        <translation>Deshacer la última eliminación</translation>
    </message>
    <message>
        <source>Ctrl+Z</source>
        <translation>Ctrl+Z</translation>
    </message>
</context>
<context>
    <name>SortMenu</name>
    <message>
        <source>Sort by</source>
        <translation>Ordenar por</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Nombre</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>Último uso</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Estado</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Mostrar</translation>
    </message>
    <message>
        <source>All machines</source>
        <translation>Todas las máquinas</translation>
    </message>
    <message>
        <source>Show as cards</source>
        <translation>Mostrar como tarjetas</translation>
    </message>
    <message>
        <source>Show as a list</source>
        <translation>Mostrar como lista</translation>
    </message>
</context>
<context>
    <name>SystemPicker</name>
    <message>
        <source>Choose the system</source>
        <translation>Elegir el sistema</translation>
    </message>
    <message>
        <source>Search systems</source>
        <translation>Buscar sistemas</translation>
    </message>
    <message>
        <source>Systems</source>
        <translation>Sistemas</translation>
    </message>
    <message>
        <source>Reading the catalogue</source>
        <translation>Leyendo el catálogo</translation>
    </message>
    <message>
        <source>There is no catalogue of systems on this computer</source>
        <translation>En este equipo no hay ningún catálogo de sistemas</translation>
    </message>
    <message>
        <source>No system is called “%1”</source>
        <translation>Ningún sistema se llama «%1»</translation>
    </message>
</context>
<context>
    <name>SystemRow</name>
    <message>
        <source>System</source>
        <translation>Sistema</translation>
    </message>
    <message>
        <source>Memory and disk are proposed for it.</source>
        <translation>La memoria y el disco propuestos dependen de él.</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Elegir…</translation>
    </message>
    <message>
        <source>Choose the system</source>
        <translation>Elegir el sistema</translation>
    </message>
</context>
<context>
    <name>SystemTile</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
</context>
<context>
    <name>Toast</name>
    <message>
        <source>Dismiss</source>
        <translation>Descartar</translation>
    </message>
</context>
<context>
    <name>TypingPill</name>
    <message>
        <source>Typing the clipboard&apos;s text…</source>
        <translation>Escribiendo el texto del portapapeles…</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Detener</translation>
    </message>
</context>
<context>
    <name>VPassword</name>
    <message>
        <source>Show the password</source>
        <translation>Mostrar la contraseña</translation>
    </message>
</context>
<context>
    <name>app::download::Answer</name>
    <message>
        <source>%1 does not give out the file.</source>
        <translation>%1 no entrega el archivo.</translation>
    </message>
    <message>
        <source>%1 does not give the file to everybody (error %2): download it in a browser, and open it from there.</source>
        <translation>%1 no entrega el archivo a cualquiera (error %2): descárguelo con un navegador y ábralo desde allí.</translation>
    </message>
    <message>
        <source>There is no such file on %1 (error %2): check the address.</source>
        <translation>No existe ese archivo en %1 (error %2): compruebe la dirección.</translation>
    </message>
    <message>
        <source>%1 has trouble of its own (error %2): try again later.</source>
        <translation>%1 tiene problemas propios (error %2): inténtelo más tarde.</translation>
    </message>
    <message>
        <source>%1 gave an answer that makes no sense for a file (%2).</source>
        <translation>%1 dio una respuesta que no tiene sentido para un archivo (%2).</translation>
    </message>
    <message>
        <source>%1 answered with a web page instead of the file: download it in a browser, and open it from there.</source>
        <translation>%1 respondió con una página web en lugar del archivo: descárguelo con un navegador y ábralo desde allí.</translation>
    </message>
</context>
<context>
    <name>app::download::Downloader</name>
    <message>
        <source>%1 lies in memory, so downloads are kept in %2.</source>
        <translation>%1 está en memoria, así que las descargas se guardan en %2.</translation>
    </message>
    <message>
        <source>%1 is not an address to download from.</source>
        <translation>%1 no es una dirección de la que se pueda descargar.</translation>
    </message>
    <message>
        <source>%1 is not a SHA-256 sum.</source>
        <translation>%1 no es una suma SHA-256.</translation>
    </message>
</context>
<context>
    <name>app::download::PartFile</name>
    <message>
        <source>%1 is being downloaded already.</source>
        <translation>%1 ya se está descargando.</translation>
    </message>
    <message>
        <source>%1 cannot be read: %2.</source>
        <translation>No se puede leer %1: %2.</translation>
    </message>
    <message>
        <source>There is not enough room on %1: %2 needed, %3 free.</source>
        <translation>No hay espacio suficiente en %1: se necesitan %2 y hay %3 libres.</translation>
    </message>
    <message>
        <source>%1 cannot be written to.</source>
        <translation>No se puede escribir en %1.</translation>
    </message>
    <message>
        <source>There is not enough room on %1: %2 free.</source>
        <translation>No hay espacio suficiente en %1: hay %2 libres.</translation>
    </message>
    <message>
        <source>%1 cannot hold files that large: choose another disk.</source>
        <translation>%1 no admite archivos tan grandes: elija otro disco.</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2.</source>
        <translation>No se puede escribir %1: %2.</translation>
    </message>
</context>
<context>
    <name>app::download::Transfer</name>
    <message>
        <source>The download was cancelled.</source>
        <translation>La descarga se canceló.</translation>
    </message>
    <message>
        <source>%1 lies in memory, which is lost when the computer is switched off: choose a folder on a disk.</source>
        <translation>%1 está en memoria, que se pierde al apagar el equipo: elija una carpeta en un disco.</translation>
    </message>
    <message>
        <source>The folder %1 cannot be made.</source>
        <translation>No se puede crear la carpeta %1.</translation>
    </message>
    <message>
        <source>The connection to %1 broke: try again later.</source>
        <translation>Se cortó la conexión con %1: inténtelo más tarde.</translation>
    </message>
    <message>
        <source>%1 sends something else each time: try again later.</source>
        <translation>%1 envía algo distinto cada vez: inténtelo más tarde.</translation>
    </message>
    <message>
        <source>%1 cannot be written to.</source>
        <translation>No se puede escribir en %1.</translation>
    </message>
    <message>
        <source>%1 sent more than it announced: try again later.</source>
        <translation>%1 envió más de lo que anunció: inténtelo más tarde.</translation>
    </message>
    <message>
        <source>%1 does not answer: try again later.</source>
        <translation>%1 no responde: inténtelo más tarde.</translation>
    </message>
    <message>
        <source>%1 leads from a protected address to an unprotected one, which is not followed.</source>
        <translation>%1 lleva de una dirección protegida a otra sin proteger, y no se sigue.</translation>
    </message>
    <message>
        <source>The address leads in circles or nowhere: check it.</source>
        <translation>La dirección da vueltas o no lleva a ninguna parte: compruébela.</translation>
    </message>
    <message>
        <source>%1 cannot prove who it is: %2.</source>
        <translation>%1 no puede demostrar su identidad: %2.</translation>
    </message>
    <message>
        <source>There is no server called %1: check the address and the network.</source>
        <translation>No hay ningún servidor llamado %1: compruebe la dirección y la red.</translation>
    </message>
    <message>
        <source>%1 does not accept connections: check the address.</source>
        <translation>%1 no acepta conexiones: compruebe la dirección.</translation>
    </message>
    <message>
        <source>%1 sent an empty file: check the address.</source>
        <translation>%1 envió un archivo vacío: compruebe la dirección.</translation>
    </message>
    <message>
        <source>%1 is damaged: its sum is not the expected one.</source>
        <translation>%1 está dañado: su suma no es la esperada.</translation>
    </message>
    <message>
        <source>%1 is damaged or not the expected file: its sum is wrong. Try another server.</source>
        <translation>%1 está dañado o no es el archivo esperado: su suma no coincide. Pruebe con otro servidor.</translation>
    </message>
</context>
<context>
    <name>app::main::LibraryKeeper</name>
    <message>
        <source>Cloning %1</source>
        <translation>Clonando %1</translation>
    </message>
    <message>
        <source>A machine can only be exported to a folder of this computer.</source>
        <translation>Una máquina solo se puede exportar a una carpeta de este equipo.</translation>
    </message>
    <message>
        <source>Exporting %1</source>
        <translation>Exportando %1</translation>
    </message>
    <message>
        <source>%1 has been exported to %2.</source>
        <translation>%1 se ha exportado a %2.</translation>
    </message>
    <message>
        <source>A machine can only be moved to a folder of this computer.</source>
        <translation>Una máquina solo se puede mover a una carpeta de este equipo.</translation>
    </message>
    <message>
        <source>Moving %1</source>
        <translation>Moviendo %1</translation>
    </message>
    <message>
        <source>Machines can only lie in folders of this computer.</source>
        <translation>Las máquinas solo pueden estar en carpetas de este equipo.</translation>
    </message>
    <message>
        <source>Only files of this computer can be put into a drive.</source>
        <translation>Solo se pueden poner en una unidad archivos de este equipo.</translation>
    </message>
    <message>
        <source>This machine runs without a connection to this session, so it can only be controlled in its own window.</source>
        <translation>Esta máquina funciona sin conexión con esta sesión, así que solo se puede controlar en su propia ventana.</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly.</source>
        <translation>La máquina se detuvo inesperadamente.</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly. The last it said: %1</source>
        <translation>La máquina se detuvo inesperadamente. Lo último que dijo: %1</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly: signal %1 ended its process.</source>
        <translation>La máquina se detuvo inesperadamente: la señal %1 terminó su proceso.</translation>
    </message>
    <message>
        <source>The machine stopped unexpectedly: signal %1 ended its process. The last it said: %2</source>
        <translation>La máquina se detuvo inesperadamente: la señal %1 terminó su proceso. Lo último que dijo: %2</translation>
    </message>
    <message>
        <source>The installation is finished.</source>
        <translation>La instalación ha terminado.</translation>
    </message>
    <message>
        <source>A guest is being installed</source>
        <translation>Se está instalando un sistema</translation>
    </message>
    <message>
        <source>%1 is neither a file of this computer nor an address Vitrine can download from.</source>
        <translation>%1 no es ni un archivo de este equipo ni una dirección de la que Vitrine pueda descargar.</translation>
    </message>
    <message>
        <source>Looking at %1</source>
        <translation>Examinando %1</translation>
    </message>
    <message>
        <source>Importing %1</source>
        <translation>Importando %1</translation>
    </message>
    <message>
        <source>The catalogue of systems is not installed; the package osinfo-db has it.</source>
        <translation>El catálogo de sistemas no está instalado; lo contiene el paquete osinfo-db.</translation>
    </message>
    <message>
        <source>Making %1</source>
        <translation>Creando %1</translation>
    </message>
    <message>
        <source>Preparing the installation of %1</source>
        <translation>Preparando la instalación de %1</translation>
    </message>
    <message>
        <source>Password of %1 on %2</source>
        <translation>Contraseña de %1 en %2</translation>
    </message>
    <message>
        <source>The password could not be kept in the keyring, so remember it: %1</source>
        <translation>No se pudo guardar la contraseña en el depósito de claves, así que recuérdela: %1</translation>
    </message>
    <message>
        <source>Downloading %1</source>
        <translation>Descargando %1</translation>
    </message>
    <message>
        <source>The download is finished.</source>
        <translation>La descarga ha terminado.</translation>
    </message>
    <message>
        <source>There is no session bus, so machines that run cannot be controlled from here.</source>
        <translation>No hay bus de sesión, así que las máquinas en marcha no se pueden controlar desde aquí.</translation>
    </message>
    <message>
        <source>Not in effect yet: %1</source>
        <translation>Aún no está en vigor: %1</translation>
    </message>
    <message>
        <source>This disk grows while the machine is off: %1</source>
        <translation>Este disco se amplía con la máquina apagada: %1</translation>
    </message>
    <message>
        <source>%1 is installed without drivers for its network card: %2</source>
        <translation>%1 se instala sin controladores para su tarjeta de red: %2</translation>
    </message>
</context>
<context>
    <name>app::main::LibraryOffer</name>
    <message>
        <source>New machine</source>
        <translation>Máquina nueva</translation>
    </message>
</context>
<context>
    <name>app::main::LibraryRun</name>
    <message>
        <source>Virtual machines are running.</source>
        <translation>Hay máquinas virtuales en marcha.</translation>
    </message>
</context>
<context>
    <name>app::services::Notifier</name>
    <message>
        <source>Open</source>
        <translation>Abrir</translation>
    </message>
</context>
<context>
    <name>ui::models::Amount</name>
    <message>
        <source>At least %1</source>
        <translation>Al menos %1</translation>
    </message>
    <message>
        <source>At most %1</source>
        <translation>Como máximo %1</translation>
    </message>
    <message>
        <source>Type a number, such as 2</source>
        <translation>Escriba un número, por ejemplo 2</translation>
    </message>
    <message>
        <source>Type a size, such as %1</source>
        <translation>Escriba un tamaño, por ejemplo %1</translation>
    </message>
    <message>
        <source>More than this computer has: the machine may not start</source>
        <translation>Más de lo que tiene este equipo: puede que la máquina no arranque</translation>
    </message>
    <message>
        <source>More than this computer has: everything gets slower</source>
        <translation>Más de lo que tiene este equipo: todo irá más lento</translation>
    </message>
    <message>
        <source>More than is free now: the machine pauses when the space is used up</source>
        <translation>Más de lo que hay libre ahora: la máquina se pausa cuando se agote el espacio</translation>
    </message>
    <message>
        <source>This system asks for at least %1</source>
        <translation>Este sistema pide al menos %1</translation>
    </message>
    <message>
        <source>%1 recommended</source>
        <translation>Se recomiendan %1</translation>
    </message>
    <message>
        <source>%1 free</source>
        <translation>%1 libres</translation>
    </message>
    <message>
        <source>This computer has %1</source>
        <translation>Este equipo tiene %1</translation>
    </message>
    <message>
        <source>%1 recommended, %2 free</source>
        <translation>Se recomiendan %1, hay %2 libres</translation>
    </message>
    <message>
        <source>%1 recommended, this computer has %2</source>
        <translation>Se recomiendan %1, este equipo tiene %2</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Memoria</translation>
    </message>
    <message>
        <source>Processors</source>
        <translation>Procesadores</translation>
    </message>
    <message>
        <source>Disk size</source>
        <translation>Tamaño del disco</translation>
    </message>
</context>
<context>
    <name>ui::models::AppPreferencesModel</name>
    <message>
        <source>Nothing is kept</source>
        <translation>No se guarda nada</translation>
    </message>
    <message>
        <source>Press a key together with Ctrl, Alt or the Super key</source>
        <translation>Pulse una tecla junto con Ctrl, Alt o la tecla Súper</translation>
    </message>
    <message>
        <source>A key alone belongs to the machine; hold Ctrl, Alt or the Super key as well</source>
        <translation>Una tecla sola pertenece a la máquina; mantenga además Ctrl, Alt o la tecla Súper</translation>
    </message>
    <message>
        <source>%1 is in the list already</source>
        <translation>%1 ya está en la lista</translation>
    </message>
    <message>
        <source>The list holds at most %1 combinations</source>
        <translation>La lista admite como máximo %1 combinaciones</translation>
    </message>
</context>
<context>
    <name>ui::models::CatalogueModel</name>
    <message numerus="yes">
        <source>%n images</source>
        <translation>
            <numerusform>%n imagen</numerusform>
            <numerusform>%n imágenes</numerusform>
        </translation>
    </message>
    <message>
        <source>%1, no more updates</source>
        <translation>%1, ya sin actualizaciones</translation>
    </message>
    <message>
        <source>%1, released in %2</source>
        <translation>%1, publicado en %2</translation>
    </message>
</context>
<context>
    <name>ui::models::CatalogueVariants</name>
    <message>
        <source>Live system with installer</source>
        <translation>Sistema en vivo con instalador</translation>
    </message>
    <message>
        <source>Live system</source>
        <translation>Sistema en vivo</translation>
    </message>
    <message>
        <source>Installer</source>
        <translation>Instalador</translation>
    </message>
</context>
<context>
    <name>ui::models::DemoLibrary</name>
    <message>
        <source>%1 (2)</source>
        <translation>%1 (2)</translation>
    </message>
    <message>
        <source>Cloning %1</source>
        <translation>Clonando %1</translation>
    </message>
    <message>
        <source>Exporting %1</source>
        <translation>Exportando %1</translation>
    </message>
    <message>
        <source>Moving to %1</source>
        <translation>Moviendo a %1</translation>
    </message>
    <message>
        <source>New machine</source>
        <translation>Máquina nueva</translation>
    </message>
    <message>
        <source>Machines in %1 are shown from now on</source>
        <translation>Las máquinas de %1 se muestran a partir de ahora</translation>
    </message>
    <message>
        <source>machine.toml, line %1: expected a key and its value</source>
        <translation>machine.toml, línea %1: se esperaba una clave y su valor</translation>
    </message>
    <message>
        <source>machine.toml, line 1: the key &quot;schema&quot; is missing</source>
        <translation>machine.toml, línea 1: falta la clave «schema»</translation>
    </message>
</context>
<context>
    <name>ui::models::DiskList</name>
    <message>
        <source>Size not known</source>
        <translation>Tamaño desconocido</translation>
    </message>
    <message>
        <source>Takes %1 of this computer</source>
        <translation>Ocupa %1 de este equipo</translation>
    </message>
</context>
<context>
    <name>ui::models::DraftModel</name>
    <message numerus="yes">
        <source>%n more to come</source>
        <translation>
            <numerusform>Queda %n más</numerusform>
            <numerusform>Quedan %n más</numerusform>
        </translation>
    </message>
    <message>
        <source>No system yet</source>
        <translation>Aún sin sistema</translation>
    </message>
    <message>
        <source>Unknown system</source>
        <translation>Sistema desconocido</translation>
    </message>
    <message>
        <source>Installer</source>
        <translation>Instalador</translation>
    </message>
    <message>
        <source>Live system</source>
        <translation>Sistema en vivo</translation>
    </message>
    <message>
        <source>Disk image</source>
        <translation>Imagen de disco</translation>
    </message>
    <message>
        <source>Appliance</source>
        <translation>Appliance</translation>
    </message>
    <message>
        <source>Machine</source>
        <translation>Máquina</translation>
    </message>
    <message>
        <source>Empty machine</source>
        <translation>Máquina vacía</translation>
    </message>
    <message>
        <source>Give the machine a name</source>
        <translation>Dé un nombre a la máquina</translation>
    </message>
    <message>
        <source>This name is too long</source>
        <translation>Este nombre es demasiado largo</translation>
    </message>
    <message>
        <source>A name has no slash</source>
        <translation>Un nombre no lleva barra</translation>
    </message>
    <message>
        <source>A name does not start with a dot</source>
        <translation>Un nombre no empieza con un punto</translation>
    </message>
    <message>
        <source>A name is written in letters and signs</source>
        <translation>Un nombre se escribe con letras y signos</translation>
    </message>
    <message>
        <source>Choose a user name</source>
        <translation>Elija un nombre de usuario</translation>
    </message>
    <message>
        <source>The system has this name for itself; choose another</source>
        <translation>El sistema se reserva este nombre; elija otro</translation>
    </message>
    <message>
        <source>At most 20 characters, without signs such as / and @</source>
        <translation>Como máximo 20 caracteres, sin signos como / y @</translation>
    </message>
    <message>
        <source>Small letters, digits and hyphens only</source>
        <translation>Solo minúsculas, cifras y guiones</translation>
    </message>
    <message>
        <source>Choose a password</source>
        <translation>Elija una contraseña</translation>
    </message>
    <message>
        <source>This system asks for a product key</source>
        <translation>Este sistema pide una clave de producto</translation>
    </message>
    <message>
        <source>Five groups of five letters or digits</source>
        <translation>Cinco grupos de cinco letras o cifras</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>Probar</translation>
    </message>
    <message>
        <source>Install</source>
        <translation>Instalar</translation>
    </message>
    <message>
        <source>Create and start</source>
        <translation>Crear e iniciar</translation>
    </message>
</context>
<context>
    <name>ui::models::ForwardList</name>
    <message>
        <source>Any</source>
        <translation>Cualquiera</translation>
    </message>
    <message>
        <source>Port %1 of this computer leads to port %2 of the machine, %3</source>
        <translation>El puerto %1 de este equipo lleva al puerto %2 de la máquina, %3</translation>
    </message>
</context>
<context>
    <name>ui::models::GuestPorts</name>
    <message>
        <source>Asking the guest…</source>
        <translation>Preguntando al sistema invitado…</translation>
    </message>
    <message>
        <source>None of the usual ports</source>
        <translation>Ninguno de los puertos habituales</translation>
    </message>
    <message>
        <source>A machine has at most %1 forwards</source>
        <translation>Una máquina tiene como máximo %1 redirecciones</translation>
    </message>
    <message>
        <source>No free port of this computer was found for port %1</source>
        <translation>No se ha encontrado ningún puerto libre de este equipo para el puerto %1</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>The guest listens on port %1; port %2 of this computer leads there</source>
        <translation>El sistema invitado escucha en el puerto %1; el puerto %2 de este equipo lleva allí</translation>
    </message>
    <message>
        <source>The guest listens on port %1</source>
        <translation>El sistema invitado escucha en el puerto %1</translation>
    </message>
</context>
<context>
    <name>ui::models::HostCheckModel</name>
    <message>
        <source>This computer could not be checked</source>
        <translation>No se pudo comprobar este equipo</translation>
    </message>
    <message>
        <source>This computer is ready for machines</source>
        <translation>Este equipo está listo para las máquinas</translation>
    </message>
    <message>
        <source>Machines run here, and some things could be better</source>
        <translation>Las máquinas funcionan aquí, y algunas cosas podrían mejorar</translation>
    </message>
    <message>
        <source>Some things need your attention</source>
        <translation>Algunas cosas requieren su atención</translation>
    </message>
</context>
<context>
    <name>ui::models::JobModel</name>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
</context>
<context>
    <name>ui::models::LibraryModel</name>
    <message>
        <source>Off</source>
        <translation>Apagada</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Arrancando</translation>
    </message>
    <message>
        <source>Installing</source>
        <translation>Instalando</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>En marcha</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>En pausa</translation>
    </message>
    <message>
        <source>Suspended</source>
        <translation>Suspendida</translation>
    </message>
    <message>
        <source>Shutting down</source>
        <translation>Apagándose</translation>
    </message>
    <message>
        <source>Stopped unexpectedly</source>
        <translation>Detenida inesperadamente</translation>
    </message>
    <message>
        <source>Today, %1</source>
        <translation>Hoy, %1</translation>
    </message>
    <message>
        <source>Yesterday, %1</source>
        <translation>Ayer, %1</translation>
    </message>
    <message>
        <source>Cannot start</source>
        <translation>No puede iniciarse</translation>
    </message>
</context>
<context>
    <name>ui::models::LoadSeries</name>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 de %2</translation>
    </message>
    <message>
        <source>Reads %1</source>
        <translation>Lee %1</translation>
    </message>
    <message>
        <source>Receives %1</source>
        <translation>Recibe %1</translation>
    </message>
    <message>
        <source>Writes %1</source>
        <translation>Escribe %1</translation>
    </message>
    <message>
        <source>Sends %1</source>
        <translation>Envía %1</translation>
    </message>
</context>
<context>
    <name>ui::models::MachineModel</name>
    <message>
        <source>Screenshot saved as %1</source>
        <translation>Captura guardada como %1</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Arrancando</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>En pausa</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>En marcha</translation>
    </message>
    <message>
        <source>Asleep</source>
        <translation>En reposo</translation>
    </message>
    <message>
        <source>Crashed</source>
        <translation>Bloqueada</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Apagada</translation>
    </message>
    <message>
        <source>The machine was asked to shut down</source>
        <translation>Se pidió a la máquina que se apagara</translation>
    </message>
    <message>
        <source>%1: the folder cannot be created</source>
        <translation>%1: no se puede crear la carpeta</translation>
    </message>
    <message>
        <source>Only files of this computer can be inserted</source>
        <translation>Solo se pueden insertar archivos de este equipo</translation>
    </message>
    <message>
        <source>There is no text in the clipboard</source>
        <translation>No hay texto en el portapapeles</translation>
    </message>
    <message>
        <source>Drop one disc image, such as an .iso file, to insert it</source>
        <translation>Suelte una imagen de disco, como un archivo .iso, para insertarla</translation>
    </message>
</context>
<context>
    <name>ui::models::PreferencesModel</name>
    <message>
        <source>This takes effect at the next start</source>
        <translation>Esto se aplica en el próximo arranque</translation>
    </message>
    <message>
        <source>This is in effect now</source>
        <translation>Esto ya está en vigor</translation>
    </message>
    <message>
        <source>At next start</source>
        <translation>En el próximo arranque</translation>
    </message>
    <message>
        <source>Type a size, such as %1</source>
        <translation>Escriba un tamaño, por ejemplo %1</translation>
    </message>
    <message>
        <source>The disk has %1; it can only grow</source>
        <translation>El disco tiene %1; solo puede crecer</translation>
    </message>
    <message>
        <source>Ports are numbers from 1 to 65535</source>
        <translation>Los puertos son números del 1 al 65535</translation>
    </message>
    <message>
        <source>Port %1 of this computer is forwarded already</source>
        <translation>El puerto %1 de este equipo ya está redirigido</translation>
    </message>
    <message>
        <source>A machine has at most %1 forwards</source>
        <translation>Una máquina tiene como máximo %1 redirecciones</translation>
    </message>
</context>
<context>
    <name>ui::models::Quantity</name>
    <message>
        <source>%1 TiB</source>
        <translation>%1 TiB</translation>
    </message>
    <message>
        <source>%1 GiB</source>
        <translation>%1 GiB</translation>
    </message>
    <message>
        <source>%1 MiB</source>
        <translation>%1 MiB</translation>
    </message>
    <message>
        <source>%1 KiB</source>
        <translation>%1 KiB</translation>
    </message>
    <message>
        <source>%1 B</source>
        <translation>%1 B</translation>
    </message>
    <message>
        <source>%1/s</source>
        <translation>%1/s</translation>
    </message>
</context>
<context>
    <name>ui::shell::LibraryWindow</name>
    <message>
        <source>The window cannot be shown: Qt Quick or one of its modules is not installed</source>
        <translation>No se puede mostrar la ventana: Qt Quick o uno de sus módulos no está instalado</translation>
    </message>
</context>
<context>
    <name>ui::viewer::GuestWindow</name>
    <message>
        <source>The window cannot be shown: Qt Quick or one of its modules is not installed</source>
        <translation>No se puede mostrar la ventana: Qt Quick o uno de sus módulos no está instalado</translation>
    </message>
</context>
</TS>
