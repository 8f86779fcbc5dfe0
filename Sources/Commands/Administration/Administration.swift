import Engine

/// Commands for those who run the server.
public enum Administration {
    public static var declarations: [CommandDeclaration] {
        [config, info, debug, memory, slowLog, commandLog, latency, shutdown]
    }
}
