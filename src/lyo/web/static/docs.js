// Starts the API reference. Nothing is asked of any other host: no fonts, no telemetry, no proxy, no assistant.
Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: '',
  agent: { disabled: true },
  mcp: { disabled: true },
  defaultHttpClient: { targetKey: 'swift', clientKey: 'nsurlsession' },
  authentication: { preferredSecurityScheme: 'HTTPBearer' },
  persistAuth: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
});
